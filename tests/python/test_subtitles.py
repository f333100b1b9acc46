from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from muspeaker.sound.audio import Audio
from muspeaker.sound.span import Span
from muspeaker.sound.subtitles import LINE_CHARACTERS, MAX_SECONDS, NUM_LINES, cues


def audio_of(text: str, *, seconds_a_word: float = 0.3, speaker: str = "") -> Audio:
    """Words of equal length without gaps, punctuation as marks."""
    words = []
    for index, written in enumerate(text.split()):
        word = written.rstrip(",.?!")
        start = index * seconds_a_word
        words.append(Span(word, start, start + seconds_a_word, written[len(word) :], speaker))
    samples = np.zeros(round(len(words) * seconds_a_word * 1000), np.float32)
    return Audio(samples, 1000, words)


def test_srt_of_two_sentences() -> None:
    assert audio_of("It rains, again. Does it? Yes!").to_srt() == (
        "1\n00:00:00,000 --> 00:00:00,900\nIt rains, again.\n\n"
        "2\n00:00:00,900 --> 00:00:01,500\nDoes it?\n\n"
        "3\n00:00:01,500 --> 00:00:01,800\nYes!\n"
    )


def test_vtt_names_speakers_and_escapes() -> None:
    parts = [audio_of("R&D is <fun>.", speaker="Anna & co"), audio_of("No.", speaker="Ben")]
    text = Audio.join(parts).to_vtt()
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.900\n")
    assert "<v Anna &amp; co>R&amp;D is &lt;fun&gt;." in text
    assert "<v Ben>No." in text
    assert "2\n00:00:00,900 --> 00:00:01,200\nBen: No.\n" in Audio.join(parts).to_srt()


def test_speakers_do_not_share_a_cue() -> None:
    parts = [audio_of("yes and", speaker="a"), audio_of("no", speaker="b")]
    assert [cue.lines for cue in cues(Audio.join(parts).words, 0.9)] == [("yes and",), ("no",)]


@pytest.mark.parametrize("seconds_a_word", [0.05, 0.4, 3.0])
def test_cues_keep_their_limits_and_every_word(seconds_a_word: float) -> None:
    text = " ".join(f"word{i}" for i in range(100)) + " " + "x" * 60
    audio = audio_of(text, seconds_a_word=seconds_a_word)
    found = cues(audio.words, audio.duration)
    assert " ".join(line for cue in found for line in cue.lines) == text
    for cue, following in pairwise(found):
        assert cue.start < cue.end <= following.start + 1e-9
        assert cue.end - cue.start <= MAX_SECONDS + 1e-6
    for cue in found:
        assert len(cue.lines) <= NUM_LINES
        assert all(len(line) <= LINE_CHARACTERS or line == "x" * 60 for line in cue.lines)


def test_short_cues_stay_for_a_second_where_there_is_room() -> None:
    words = [Span("Yes", 0.0, 0.2, "."), Span("No", 5.0, 5.2, ".")]
    assert [(cue.start, cue.end) for cue in cues(words, 5.5)] == [(0.0, 1.0), (5.0, 5.5)]


def test_a_long_silence_ends_a_cue() -> None:
    words = [Span("well", 0.0, 0.5), Span("maybe", 1.2, 2.0)]
    assert len(cues(words, 2.0)) == 2


def test_no_words_no_cues_and_long_times() -> None:
    silent = Audio(np.zeros(10, np.float32), 1000)
    assert silent.to_srt() == ""
    assert silent.to_vtt() == "WEBVTT\n"
    late = Audio(np.zeros(10, np.float32), 1000, [Span("late", 3661.9996, 3662.5)])
    assert re.search(r"01:01:02,000 --> 01:01:02,500", late.to_srt())
