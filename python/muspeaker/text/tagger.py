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

DATA = Path(__file__).parent / "data" / "tagger.npz"
START = "-START-"
CACHED_HISTORIES = 2048
CACHED_WINDOWS = 512


def hashed(feature: str) -> int:
    """The key of a feature."""
    return zlib.crc32(feature.encode())


def word_shape(word: str) -> str:
    """Capitals, digits and hyphens of a word, in one letter."""
    if word.isdigit():
        return "9"
    if word.isupper():
        return "A" if len(word) > 1 else "I"
    if word[:1].isupper():
        return "Aa"
    return "a" if word.isalpha() else "." if not any(c.isalnum() for c in word) else "-"


def features(words: Sequence[str], index: int) -> list[int]:
    """Keys of a word's features, all but those of the tags before it."""
    further, before, word, after, beyond = (
        words[at] if 0 <= at < len(words) else None for at in range(index - 2, index + 3)
    )
    return _window_features(further, before, word or "", after, beyond)


@lru_cache(maxsize=CACHED_WINDOWS)
def _window_features(
    further: str | None, before: str | None, word: str, after: str | None, beyond: str | None
) -> list[int]:
    """Keys of a word's features by its neighbours, None beyond the sentence; a text that repeats itself has few."""
    is_first = before is None
    low = word.lower()
    before, further, after, beyond = (
        START if other is None else other.lower() for other in (before, further, after, beyond)
    )
    return [  # as `hashed`, without 14 calls a word
        zlib.crc32(f.encode())
        for f in (
            "b",
            f"w{low}",
            f"s{low[-3:]}",
            f"t{low[-2:]}",
            f"p{low[:3]}",
            f"c{word_shape(word)}{is_first}",
            f"-{before}",
            f"={further}",
            f"+{after}",
            f"*{beyond}",
            f"e{after[-3:]}",
            f"f{before[-3:]}",
            f"{before} {low}",
            f"{low} {after}",
        )
    ]


def history_features(before: str, further: str) -> list[int]:
    """Keys of the tags of the last word and of the one before."""
    return [hashed(f"1{before}"), hashed(f"2{further} {before}")]


def pair_feature(before: str, low: str) -> int:
    """Key of the last word's tag with this word, in lower case."""
    return hashed(f"3{before} {low}")


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
        keys = np.array([features(words, index) for index in range(len(words))])
        fixed = self.weights.scores(keys)  # (words, tags)
        before = further = START
        found = []
        for word, own in zip(words, fixed, strict=True):
            pair = self.weights.row(pair_feature(before, word.lower()))
            scores = own + self._history(before, further) + pair
            tag = self.weights.names[int(scores.argmax())]
            found.append(tag)
            before, further = tag, before
        return found

    def _history_uncached(self, before: str, further: str) -> NDArray[np.int32]:
        return self.weights.scores(np.array(history_features(before, further)))


@lru_cache(maxsize=1)
def shipped_tagger() -> Tagger:
    """The package's own tagger, loaded once."""
    return Tagger(FeatureWeights.load(DATA))
