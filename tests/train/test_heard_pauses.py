"""Pauses without a mark: found where they are, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from muspeaker.text.symbols import INSIDE_WORD, PAUSE, WORD_START
from muspeaker.train.corpus.heard_pauses import between_words, hear_pauses

COMMA, STOP = 1, 2
# silence, "a bc", a stop, "d e", silence
PHONES = [0, 7, 8, 9, STOP, 7, 8, 0]
BOUNDARIES = [PAUSE, WORD_START, WORD_START, INSIDE_WORD, PAUSE, WORD_START, WORD_START, PAUSE]
TOKENS = np.array([PHONES, [0, 1, 0, 1, 0, 0, 2, 0], BOUNDARIES], np.int32)


def test_a_pause_may_be_between_words_that_have_none():
    tokens, added = between_words(TOKENS, COMMA)
    assert tokens[0].tolist() == [0, 7, COMMA, 8, 9, STOP, 7, COMMA, 8, 0]
    assert np.flatnonzero(added).tolist() == [2, 7]
    assert tokens[1].tolist() == [0, 1, 0, 0, 1, 0, 0, 0, 2, 0]
    assert tokens[2, added].tolist() == [PAUSE, PAUSE]
    np.testing.assert_array_equal(tokens[:, ~added], TOKENS)


@pytest.mark.parametrize(
    ("lengths", "phones"),
    [
        ((8, 1), [0, 7, COMMA, 8, 9, STOP, 7, 8, 0]),
        ((1, 30), [0, 7, 8, 9, STOP, 7, COMMA, 8, 0]),
        ((9, 8), [0, 7, COMMA, 8, 9, STOP, 7, COMMA, 8, 0]),
        ((7, 7), PHONES),
    ],
)
def test_only_long_pauses_are_kept(lengths, phones):
    def durations_of(tokens):
        durations = np.full(tokens.shape[1], 20)
        durations[tokens[0] == COMMA] = lengths
        return durations

    assert hear_pauses(TOKENS, durations_of, COMMA, 8)[0].tolist() == phones


def test_a_single_word_is_not_aligned():
    one = TOKENS[:, [0, 2, 3, 7]]
    assert hear_pauses(one, lambda _: pytest.fail("nothing to find out"), COMMA, 8) is one
