"""Marks such as [pause 0.5s], and the pause option: where silence goes, to the millisecond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from muspeaker.config import SYMBOLS
from muspeaker.text.passages import Reading, read_text
from muspeaker.text.pieces import split_at_marks
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
    assert [(piece.text.text, piece.seconds) for piece in split_at_marks(text)] == [(text, None)]
    words = read_text(text, Reading(symbols=SYMBOLS, language="en-us"))[0].tokens.words
    assert [word.text for word in words][2:5] == ["pause", "for", "effect"]


def longest_silence(audio: Audio, quiet: float) -> float:
    """Seconds of the longest stretch whose frames of 2.5 ms are all quieter than that."""
    size = round(0.0025 * audio.sample_rate)
    count = len(audio.samples) // size
    level = np.sqrt(np.mean(audio.samples[: count * size].reshape(count, size) ** 2, axis=1))
    longest = run = 0
    for is_quiet in level < quiet:
        run = run + 1 if is_quiet else 0
        longest = max(longest, run)
    return longest * size / audio.sample_rate


@pytest.mark.parametrize(
    "mark", ["[pause 0.5s]", "[pause:0.5s]", "[pause]", '<break time="500ms"/>']
)
@pytest.mark.parametrize("text", ["It was a cat. {} Then she left.", "Hello there {} world"])
def test_a_mark_is_all_the_silence_between_the_sounds(
    shipped: Synthesizer, mark: str, text: str
) -> None:
    audio = shipped.synthesize(text.format(mark))
    level = 0.01 * float(np.abs(audio.samples).max())  # -40 dB
    assert longest_silence(audio, level) == pytest.approx(0.5, abs=0.02)


def test_silences_before_and_after_all_words(shipped: Synthesizer) -> None:
    audio = shipped.synthesize("[pause 250ms] One. [pause 1s]")
    loud = np.flatnonzero(np.abs(audio.samples) > 0.01 * np.abs(audio.samples).max())
    rate = audio.sample_rate
    assert loud[0] / rate == pytest.approx(0.25, abs=0.02)
    assert (len(audio.samples) - loud[-1]) / rate == pytest.approx(1.0, abs=0.02)
    assert 0.2 < audio.words[0].start < 0.3
    assert audio.words[0].end < audio.duration - 0.95


def test_chunks_do_not_change_where_the_silence_is_cut(shipped: Synthesizer) -> None:
    text = "I waited. [pause 300ms] Then she left, and nobody saw her. [pause 1s]"
    whole = shipped.fork(2).synthesize(text)
    chunks = list(shipped.stream(text))
    assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), whole.samples)
    joined = type(whole).join(chunks)
    assert [(w.text, round(w.start, 6), round(w.end, 6)) for w in joined.words] == [
        (w.text, round(w.start, 6), round(w.end, 6)) for w in whole.words
    ]


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
