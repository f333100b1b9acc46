"""What an editor sees: every call that speaks names its options with their types."""

from __future__ import annotations

import inspect
import typing

import pytest

import muspeaker
from muspeaker import quick, tts
from muspeaker.options import ConversionFields, OptionFields, SynthesisOptions
from muspeaker.text.respelling import LexiconLike
from muspeaker.voice_like import VoiceLike

NAMES = {
    "VoiceLike": VoiceLike,
    "LexiconLike": LexiconLike,
    "Unpack": typing.Unpack,
    "OptionFields": OptionFields,
}
SPEAKING = [tts.Synthesizer.synthesize, tts.Synthesizer.stream, tts.Synthesizer.astream,
            tts.Synthesizer.synthesize_batch, tts.Synthesizer.dialogue, muspeaker.say]  # fmt: skip


@pytest.mark.parametrize("call", SPEAKING, ids=lambda call: call.__name__)
def test_options_are_typed(call: typing.Any) -> None:
    parameters = inspect.signature(call).parameters
    assert parameters["options"].annotation == "Unpack[OptionFields]"
    for parameter in parameters.values():
        assert parameter.name == "self" or parameter.annotation is not parameter.empty


OBJECTS = {"style", "lexicon"}  # which are made of what is given


def test_option_fields_are_those_of_the_options() -> None:
    hints = typing.get_type_hints(OptionFields, None, NAMES)
    own = typing.get_type_hints(SynthesisOptions)
    assert list(hints) == list(own)
    assert {name: hints[name] for name in hints if name not in OBJECTS} == {
        name: own[name] for name in own if name not in OBJECTS
    }
    assert ConversionFields.__annotations__.keys() < hints.keys()


def test_a_voice_may_be_left_out() -> None:
    for call in (*SPEAKING[:4], quick.say):
        assert inspect.signature(call).parameters["voice"].default is None
