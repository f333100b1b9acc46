"""Marks such as [pause 0.5s], and the pause option: where silence goes, to the millisecond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from muspeaker.config import SYMBOLS
from muspeaker.text.passages import Reading, read_text, split_at_marks
from muspeaker.text.sentences import PARAGRAPH_PAUSE_SECONDS, SENTENCE_PAUSE_SECONDS

if TYPE_CHECKING:
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


def silences(text: str, **options: Any) -> list[tuple[float, float]]:
    reading = Reading(symbols=SYMBOLS, language="en-us", **options)
    passages = read_text(text, reading)
    return [(round(p.silence_before, 4), round(p.silence_after, 4)) for p in passages]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", [(0, 0.2), (0, 0)]),
        ("One. [pause 0.5s] Two.", [(0, 0.5), (0, 0)]),
        ("One.[pause 300ms]Two.", [(0, 0.3), (0, 0)]),
        ("One [pause:0.5s] two.", [(0, 0.5), (0, 0)]),
        ("One [pause: 250ms ] two.", [(0, 0.25), (0, 0)]),
        ("One [pause] two.", [(0, 0.5), (0, 0)]),
        ('One <break time="300ms"/> two.', [(0, 0.3), (0, 0)]),
        ("One <break/> two.", [(0, 0.5), (0, 0)]),
        ("One [PAUSE .5 S] two.", [(0, 0.5), (0, 0)]),
        ("One. [pause 1s] [pause 2s] Two.", [(0, 3), (0, 0)]),
        ("[pause 1s] One. Two. [pause 2s]", [(1, 0.2), (0, 2)]),
        ("One.\n\n[pause 0s]\n\nTwo.", [(0, 0), (0, 0)]),
        ("One. [pause 1s] ... [pause 1s] Two.", [(0, 2), (0, 0)]),
    ],
)
def test_marks(text: str, expected: list[tuple[float, float]]) -> None:
    assert silences(text) == expected
    assert silences(text, speed=2.0, pause=0.2) == expected


def test_pauses_of_punctuation_follow_speed_and_pause() -> None:
    text = "One.\n\nTwo. Three."
    sentence, paragraph = SENTENCE_PAUSE_SECONDS, PARAGRAPH_PAUSE_SECONDS
    assert silences(text, speed=2.0) == [(0, paragraph / 2), (0, sentence / 2), (0, 0)]
    assert silences(text, pause=1.0) == [(0, 2.5), (0, 1.0), (0, 0)]
    assert silences(text, pause=1.0, speed=2.0) == silences(text, pause=1.0)
    assert silences(text, pause=0.0) == [(0, 0)] * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hi [pause 5]", r"cannot read '\[pause 5\]': expected a length such as \[pause 0.5s\]"),
        ("Hi [pause:5]", r"cannot read '\[pause:5\]'"),
        ('Hi <break time="soon"/>', r"cannot read '<break time=\"soon\"/>'"),
        ("Hi [pause -1s]", r"cannot read '\[pause -1s\]'"),
        ("Hi [pause 1 minute]", r"cannot read '\[pause 1 minute\]'"),
        ("Hi [pause 61s]", r"'\[pause 61s\]' is too long: expected at most 60 s"),
        ("Hi [pause 60s]" * 11, "pauses add up to 660 s: expected at most 600 s"),
        ("[pause 1s]", r"nothing to speak in '\[pause 1s\]'"),
    ],
)
def test_marks_that_are_refused(tts: Synthesizer, voice: Voice, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tts.stream(text, voice)


def test_other_brackets_are_text() -> None:
    text = "He said [pause for effect] nothing [1]."
    assert split_at_marks(text) == [(text, 0.0)]
    words = read_text(text, Reading(symbols=SYMBOLS, language="en-us"))[0].tokens.words
    assert [word.text for word in words][2:5] == ["pause", "for", "effect"]


def test_silence_is_in_the_samples_and_before_the_words(tts: Synthesizer, voice: Voice) -> None:
    plain = tts.synthesize("One. Two.", voice, pause=0)
    audio = tts.synthesize("[pause 250ms] One. [pause 0.5s] Two. [pause 1s]", voice)
    rate = tts.sample_rate
    lead, middle, tail = round(0.25 * rate), round(0.5 * rate), rate
    assert len(audio.samples) == len(plain.samples) + lead + middle + tail
    assert not audio.samples[:lead].any()
    assert not audio.samples[-tail:].any()
    first = len(tts.synthesize("One.", voice).samples)
    assert not audio.samples[lead + first : lead + first + middle].any()
    assert audio.words[0].start == pytest.approx(plain.words[0].start + 0.25, abs=1e-4)
    assert audio.words[1].start == pytest.approx(plain.words[1].start + 0.75, abs=1e-4)


def test_marks_in_phones(tts: Synthesizer, voice: Voice) -> None:
    audio = tts.synthesize("həlˈoʊ [pause 1s] wˈɜːld.", voice, phonemes=True)
    assert [word.text for word in audio.words] == ["həlˈoʊ", "wˈɜːld"]
    assert audio.words[1].start - audio.words[0].end > 1.0


def test_words_carry_their_punctuation(tts: Synthesizer, voice: Voice) -> None:
    audio: Audio = tts.synthesize("Yes, it is. Is it? No!", voice)
    assert [(word.text, word.mark) for word in audio.words] == [
        ("Yes", ","), ("it", ""), ("is", "."), ("Is", ""), ("it", "?"), ("No", "!")
    ]  # fmt: skip
    assert np.isfinite(audio.samples).all()
