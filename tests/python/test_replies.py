"""Replies of the servers: emoji alone, SSML, a lexicon, letters that cannot be read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from muspeaker.serve.openai.settings import Settings
from muspeaker.serve.replies import SILENT_SECONDS, stream_reply
from muspeaker.serve.wyoming.incoming_text import IncomingText
from muspeaker.sound.audio import Audio
from tests.serving import add_voice, serving, speak

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


def spoken(tts: Synthesizer, text: str, voice: Voice) -> Audio:
    return Audio.join(stream_reply(tts, text, voice))


@pytest.mark.parametrize("text", ["😀", " 👍🏽 ❤️\n", "☺"])
def test_emoji_alone_are_a_silence(tts: Synthesizer, voice: Voice, text: str) -> None:
    audio = spoken(tts, text, voice)
    assert audio.duration == pytest.approx(SILENT_SECONDS, abs=1e-3)
    assert not audio.samples.any()
    assert audio.words == []
    with pytest.raises(ValueError, match="nothing to speak"):
        tts.stream(text, voice)


def test_marks_alone_are_still_an_error(tts: Synthesizer, voice: Voice) -> None:
    with pytest.raises(ValueError, match="nothing to speak"):
        stream_reply(tts, "...", voice)


def test_a_reply_may_be_ssml(tts: Synthesizer, voice: Voice) -> None:
    audio = spoken(tts, " <speak>One <break time='1s'/> two</speak>", voice)
    assert [word.text for word in audio.words] == ["One", "two"]


@pytest.mark.filterwarnings("ignore::muspeaker.ReadingWarning")
def test_the_openai_server(tts: Synthesizer, tmp_path: Path) -> None:
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("nginx\tengine x\n")
    with serving(tts, Settings(data_folder=tmp_path / "data", lexicon=lexicon)) as client:
        add_voice(client)
        silence = np.frombuffer(speak(client, input="🎉", response_format="pcm"), np.int16)
        assert len(silence) == pytest.approx(SILENT_SECONDS * 24_000, abs=50)
        assert not silence.any()
        same = [
            speak(client, input=text, response_format="pcm")
            for text in ("nginx", "engine x", "<speak>nginx</speak>")
        ]
        assert same[0] == same[1] == same[2]
        passed = speak(
            client, input="Hi 中.", response_format="pcm", extra_body={"skip_unreadable": True}
        )
        assert passed == speak(client, input="Hi.", response_format="pcm")


def test_the_openai_server_names_emoji(tts: Synthesizer, tmp_path: Path) -> None:
    pytest.importorskip("emoji", reason="needs muspeaker[emoji]")
    with serving(tts, Settings(data_folder=tmp_path / "data")) as client:
        add_voice(client)
        named = speak(client, input="🐶", response_format="pcm", extra_body={"emoji": True})
        assert named == speak(client, input="Dog face", response_format="pcm")


def test_streamed_text_of_the_wyoming_server() -> None:
    text = IncomingText("en-us", 1000)
    assert text.add("😀 ") == []
    assert (text.finish(), text.unspoken) == ("", "😀")
    text = IncomingText("en-us", 1000)
    assert text.add("<speak>One. Two. ") == text.add("Three.</speak>") == []
    assert text.finish() == "<speak>One. Two. Three.</speak>"


def test_the_wyoming_service(tts: Synthesizer, voice: Voice, tmp_path: Path) -> None:
    service_module = pytest.importorskip("muspeaker.serve.wyoming.service")
    from muspeaker.serve.voice_folder import VoiceFolder  # noqa: PLC0415 (after the check)
    from muspeaker.text.respelling import read_lexicon  # noqa: PLC0415

    voice.save(tmp_path / "anna.voice")
    service = service_module.WyomingService(
        tts, VoiceFolder(tts.fingerprint, tmp_path), lexicon=read_lexicon({"b": "cat"})
    )

    async def words(text: str) -> list[str]:
        return [w.text async for audio in service.speak(text, voice, {}) for w in audio.words]

    assert asyncio.run(words("a b")) == ["a", "cat"]
    assert asyncio.run(words("😀")) == []
