"""Parts of speech: an averaged perceptron over hashed features, from left to right.

Source: Collins 2002, "Discriminative training methods for hidden Markov models", Sections 2 and 3, without the search:
the best tag of each word is taken at once.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.feature_weights import FeatureWeights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from muspeaker import _core

DATA = Path(__file__).parent / "data" / "tagger.npz"
START = "-START-"
CACHED_HISTORIES = 2048
CACHED_TAGS = 256


def hashed(feature: str) -> int:
    """The key of a feature."""
    return zlib.crc32(feature.encode())


(
    _BIAS, _WORD, _END, _SHORT_END, _BEGINNING, _SHAPE, _BEFORE, _FURTHER, _AFTER, _BEYOND, _AFTER_END, _BEFORE_END
) = map(hashed, "bwstpc-=+*ef")  # fmt: skip


def word_shape(word: str) -> str:
    """Capitals, digits and hyphens of a word, in one letter."""
    if word.isdigit():
        return "9"
    if word.isupper():
        return "A" if len(word) > 1 else "I"
    if word[:1].isupper():
        return "Aa"
    return "a" if word.isalpha() else "." if not any(c.isalnum() for c in word) else "-"


def features(words: Sequence[str]) -> list[list[int]]:
    """Keys of the features of each word of a sentence, all but those of the tags before it.

    A key is that of a letter for the kind of the feature with a text; checksums go on from those of the letters.
    """
    crc = zlib.crc32
    lows = [START, START, *(word.lower() for word in words), START, START]
    coded = [low.encode() for low in lows]
    ends = [low[-3:].encode() for low in lows]
    found = []
    for index, word in enumerate(words):
        further, before, own, after, beyond = coded[index : index + 5]
        low = lows[index + 2]
        found.append(
            [
                _BIAS,
                crc(own, _WORD),
                crc(ends[index + 2], _END),
                crc(low[-2:].encode(), _SHORT_END),
                crc(low[:3].encode(), _BEGINNING),
                crc(f"{word_shape(word)}{index == 0}".encode(), _SHAPE),
                crc(before, _BEFORE),
                crc(further, _FURTHER),
                crc(after, _AFTER),
                crc(beyond, _BEYOND),
                crc(ends[index + 3], _AFTER_END),
                crc(ends[index + 1], _BEFORE_END),
                crc(own, crc(b" ", crc(before))),
                crc(after, crc(b" ", crc(own))),
            ]
        )
    return found


def history_features(before: str, further: str) -> list[int]:
    """Keys of the tags of the last word and of the one before."""
    return [hashed(f"1{before}"), hashed(f"2{further} {before}")]


@lru_cache(maxsize=CACHED_TAGS)
def _pair_seed(before: str) -> int:
    return hashed(f"3{before} ")


def pair_feature(before: str, low: str) -> int:
    """Key of the last word's tag with this word, in lower case."""
    return zlib.crc32(low.encode(), _pair_seed(before))


def tag_features(word: str, before: str, further: str) -> list[int]:
    """All keys that need the tags of the two words before."""
    return [*history_features(before, further), pair_feature(before, word.lower())]


class Tagger:
    """Tags of the Penn Treebank for the words and marks of a sentence.

    Args:
        weights: Weights of the features, one output a tag.
    """

    def __init__(self, weights: FeatureWeights) -> None:
        self.weights = weights
        self._engine = engine_tagger(weights)
        self._history = lru_cache(maxsize=CACHED_HISTORIES)(self._history_uncached)

    def __call__(self, words: Sequence[str]) -> list[str]:
        """Tag one sentence.

        Args:
            words: Its words and marks, as `text.english.words` cuts them.

        Returns:
            One tag for each, such as `NNP` or `VBD`.
        """
        if not words:
            return []
        keys = np.array(features(words))
        if self._engine is None:
            return self.tag_plainly(words, keys)
        names = self.weights.names
        return [names[tag] for tag in self._engine.tag(keys, [word.lower() for word in words])]

    def tag_plainly(self, words: Sequence[str], keys: NDArray[np.int64]) -> list[str]:
        """What the engine does, without it: the tags of words with their `features`."""
        weights = self.weights
        fixed = weights.scores(keys)  # (words, tags)
        before = further = START
        found = []
        for word, own in zip(words, fixed, strict=True):
            scores = own + self._history(before, further)
            pair = weights.row(pair_feature(before, word.lower()))
            if pair is not None:
                scores += pair
            tag = weights.names[scores.argmax()]
            found.append(tag)
            before, further = tag, before
        return found

    def _history_uncached(self, before: str, further: str) -> NDArray[np.int32]:
        found = np.zeros(len(self.weights.names), np.int32)
        for row in map(self.weights.row, history_features(before, further)):
            if row is not None:
                found += row
        return found


def engine_tagger(weights: FeatureWeights) -> _core.Tagger | None:
    """The engine's twin of `Tagger`; None in a package without an engine, as training may have it."""
    try:
        from muspeaker import _core  # noqa: PLC0415 (it may be missing)
    except ImportError:
        return None
    return _core.Tagger(weights.buckets, weights.table, weights.names, START)


@lru_cache(maxsize=1)
def shipped_tagger() -> Tagger:
    """The package's own tagger, loaded once."""
    return Tagger(FeatureWeights.load(DATA))
