"""Symbols of misaki's phones, and the tokens of teacher speech."""

from __future__ import annotations

import numpy as np
import pytest

from muspeaker.config import SYMBOLS
from muspeaker.text import symbols as sym
from muspeaker.text.misaki_tokens import (
    LAST_PHONE_FRAMES,
    LAST_SHORT_PHONE_FRAMES,
    LEAD_FRAMES,
    tokens_of_misaki,
)
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, parse_word, phone_set, spelled


def names(tokens):
    return [MISAKI_SYMBOLS[index] for index in tokens.phones]


def test_symbols_are_distinct_and_pauses_come_first():
    assert len(set(MISAKI_SYMBOLS)) == len(MISAKI_SYMBOLS)
    assert 60 <= len(MISAKI_SYMBOLS) <= 80
    assert MISAKI_SYMBOLS[:5] == SYMBOLS[:5]


def test_the_symbols_tell_their_set():
    assert phone_set(MISAKI_SYMBOLS) == "misaki"
    assert phone_set(SYMBOLS) == "espeak"


@pytest.mark.parametrize(
    ("word", "pairs"),
    [
        ("həlˈO", [("h", 0), ("ə", 0), ("l", 0), ("O", 1)]),
        ("wˈɔːtə", [("w", 0), ("ɔː", 1), ("t", 0), ("ə", 0)]),
        ("bˈʌɾəɹ", [("b", 0), ("ʌ", 1), ("T", 0), ("ə", 0), ("ɹ", 0)]),
        ("ˈbʌs", [("b", 0), ("ʌ", 1), ("s", 0)]),
        ("ˈhm", [("h", 1), ("m", 0)]),
        ("tʃ", [("t", 0), ("ʃ", 0)]),
        ("tʰa", [("tʰ", 0), ("a", 0)]),
    ],
)
def test_a_word_is_cut_into_symbols_with_stress(word, pairs):
    assert list(parse_word(word)) == pairs


def test_symbols_are_written_as_they_were_read():
    assert spelled(parse_word("ɪntəɹnˈæʃᵊnˌIz")) == "ɪntəɹnˈæʃᵊnˌIz"


def test_a_foreign_character_is_named():
    with pytest.raises(ValueError, match=r"'ø' \(U\+00F8\)"):
        parse_word("bˈøt")


def test_tokens_have_words_boundaries_and_pauses():
    tokens, durations = tokens_of_misaki("“ɐ kˈɑɹ, mˈY!”")
    assert durations is None
    assert names(tokens) == ["_", "ɐ", "k", "ɑ", "ɹ", ",", "m", "Y", "!", "_"]
    assert tokens.stresses.tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    assert tokens.boundaries.tolist() == [2, 1, 1, 0, 0, 2, 1, 0, 2, 2]
    assert [(w.text, w.start, w.end, w.mark) for w in tokens.words] == [
        ("ɐ", 1, 2, ""),
        ("kˈɑɹ", 2, 5, ","),
        ("mˈY", 6, 8, "!"),
    ]


def test_frames_of_marks_and_spaces_go_to_the_phones():
    tokens, durations = tokens_of_misaki("sˈɔːt ɪz.", [10, 2, 1, 3, 2, 2, 3, 2, 9, 7, 1])
    assert names(tokens) == ["_", "s", "ɔː", "t", "ɪ", "z", ".", "_"]
    # the vowel has its two marks, and of the space a third is the stop and the rest the next vowel
    expected = [
        10 - LEAD_FRAMES,
        2,
        6,
        3,
        4,
        LAST_PHONE_FRAMES,
        9 + 7 - LAST_PHONE_FRAMES,
        1 + LEAD_FRAMES,
    ]
    assert durations is not None
    assert np.allclose(durations, expected)


def test_a_pause_within_takes_what_its_phone_does_not_sound():
    tokens, durations = tokens_of_misaki("ɪn, ɪn", [5, 2, 9, 3, 2, 2, 12, 1])
    assert names(tokens) == ["_", "ɪ", "n", ",", "ɪ", "n", "_"]
    last = LAST_SHORT_PHONE_FRAMES
    expected = [5 - LEAD_FRAMES, 2, last, 9 + 3 + 2 - last, 2, last, 12 - last + 1 + LEAD_FRAMES]
    assert durations is not None
    assert np.allclose(durations, expected)


def test_durations_keep_their_sum_and_are_never_negative():
    phones = "“ðə wˈʊmən (hɜɹ nˈAm ɪz ˈæn) — sˈɛd: nˈO…”"
    given = np.random.default_rng(0).integers(0, 6, len(phones) + 2)
    tokens, durations = tokens_of_misaki(phones, given.tolist())
    assert durations is not None
    assert len(durations) == len(tokens.phones)
    assert durations.sum() == pytest.approx(given.sum())
    assert durations.min() >= 0


def test_a_wrong_number_of_durations_is_an_error():
    with pytest.raises(ValueError, match="expected 4 durations"):
        tokens_of_misaki("ɪn", [1, 2, 3])


def test_silence_alone_has_no_speech():
    tokens, durations = tokens_of_misaki("", [3, 2])
    assert not tokens.has_speech
    assert durations is not None
    assert durations.sum() == 5
    assert names(tokens) == [sym.SILENCE, sym.SILENCE]
