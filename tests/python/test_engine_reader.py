"""The engine's tagger and its reader of unknown words say what their plain twins in Python do."""

from __future__ import annotations

import random
import string
from pathlib import Path

import numpy as np
import pytest

from muspeaker import _core
from muspeaker.text.english.words import tagged_pieces
from muspeaker.text.letter_features import LETTERS
from muspeaker.text.letter_to_sound import shipped_letter_to_sound
from muspeaker.text.tagger import features, shipped_tagger

ARTICLES = sorted((Path(__file__).parents[1] / "bench" / "articles").glob("*.txt"))


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_unknown_words_are_read_as_without_the_engine(accent):
    reader = shipped_letter_to_sound(accent)
    draw = random.Random(1)
    words = [
        "zxqvy",
        "brambleford",
        "veltrane",
        "hmm",
        "o'keefe's",
        "quellingham",
        "a",
        "'",
        "yyyyy",
    ]
    words += ["".join(draw.choices(LETTERS[1:], k=draw.randint(1, 40))) for _ in range(40)]
    words += ["".join(draw.choices("bcdfghklmnprst", k=5)) for _ in range(10)]
    for word in words:
        numbers = [LETTERS.index(letter) for letter in word]
        assert reader._engine.read(numbers) == reader.chunks(numbers), word
    assert reader._engine.read([]) == []


def test_words_are_tagged_as_without_the_engine():
    tagger = shipped_tagger()
    lines = [line for path in ARTICLES for line in path.read_text("utf-8").splitlines()]
    lines += ["Zoë's “naïve” Café, №5 — 日本!", " ".join(string.printable), "I"]
    for line in lines:
        words = [piece.text for piece in tagged_pieces(line)]
        if words:
            assert tagger(words) == tagger.tag_plainly(words, np.array(features(words)))


def arrays() -> dict[str, np.ndarray]:
    return {
        "buckets": np.array([3, 9], np.int32),
        "starts": np.array([0, 1, 2], np.int32),
        "outputs": np.array([0, 1], np.uint8),
        "weights": np.array([5, 6], np.int8),
        "is_primary": np.array([True, False]),
        "is_sounded": np.array([True, False]),
    }


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("buckets", [9, 3], "ascending"),
        ("starts", [0, 1, 3], "starts must"),
        ("starts", [0, 2, 1], "starts must"),
        ("starts", [0, 1], "starts must"),
        ("outputs", [0, 2], "below 2"),
        ("is_primary", [False, False], "both kinds"),
        ("is_sounded", [True], "one length"),
    ],
)
def test_a_damaged_letter_to_sound_model_is_refused(name, value, told):
    given = arrays()
    assert _core.LetterToSound(**given).read([1, 27])
    given[name] = np.array(value, given[name].dtype)
    with pytest.raises(ValueError, match=told):
        _core.LetterToSound(**given)


@pytest.mark.parametrize("letter", [0, 28, -1])
def test_a_number_of_no_letter_is_refused(letter):
    with pytest.raises(ValueError, match="letters must be 1 to 27"):
        _core.LetterToSound(**arrays()).read([1, letter])


def test_a_damaged_tagger_is_refused():
    buckets, weights = np.array([3, 9], np.int32), np.zeros((2, 2), np.int8)
    tagger = _core.Tagger(buckets, weights, ["NN", "VB"], "-")
    assert tagger.tag(np.zeros((1, 14), np.int64), ["a"]) == [0]
    with pytest.raises(ValueError, match="features must be"):
        tagger.tag(np.zeros((1, 13), np.int64), ["a"])
    with pytest.raises(ValueError, match="features must be"):
        tagger.tag(np.zeros((1, 14), np.int64), ["a", "b"])
    for other in (weights[:1], weights[:, :1]):
        with pytest.raises(ValueError, match="weights must be"):
            _core.Tagger(buckets, other, ["NN", "VB"], "-")
    with pytest.raises(ValueError, match="ascending"):
        _core.Tagger(buckets[::-1], weights, ["NN", "VB"], "-")
