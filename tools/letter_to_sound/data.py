"""The lexicon's words, with the phones that each of their letters spells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.letter_features import LETTERS
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, parse_word, spelled
from tools.letter_to_sound.alignment import align

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIN_COUNT = 30  # occurrences of a chunk that is learned
NAME_SIZE = 0.5  # how much is learned from a name of another dictionary, whose style is its own
_PHONE = {symbol: index for index, symbol in enumerate(MISAKI_SYMBOLS)}


@dataclass(frozen=True)
class Aligned:
    """One reading of a word, in lower case, cut into a chunk of phones for each letter.

    Attributes:
        size: How much is learned from it.
    """

    word: str
    chunks: list[str]
    size: float = 1.0


def aligned_chunks(
    readings: Mapping[str, Sequence[str]], names: Mapping[str, Sequence[str]] | None = None
) -> list[Aligned]:
    """All readings of all words, aligned. Words whose phones do not fit their letters are dropped.

    Args:
        readings: Words of the lexicon.
        names: Names from elsewhere, which have `NAME_SIZE`.
    """
    names = names or {}
    words = [
        (word, parse_word(reading))
        for known in (readings, names)
        for word, spoken in known.items()
        for reading in spoken
    ]
    numbers = [
        (
            np.array([LETTERS.index(letter) for letter in word], dtype=np.int16),
            np.array([_PHONE[symbol] for symbol, _ in pairs], dtype=np.int16),
        )
        for word, pairs in words
    ]
    counts = align(numbers, len(LETTERS), len(MISAKI_SYMBOLS))
    aligned = []
    for (word, pairs), lengths in zip(words, counts, strict=True):
        if lengths[0] >= 0:
            ends = np.cumsum(lengths)
            spans = zip(ends - lengths, ends, strict=True)
            size = NAME_SIZE if word in names else 1.0
            aligned.append(Aligned(word, [spelled(pairs[a:b]) for a, b in spans], size))
    return aligned


def vocabulary(words: Sequence[Aligned]) -> list[str]:
    """Chunks that are frequent enough to be learned, in order."""
    counts = Counter(chunk for aligned in words for chunk in aligned.chunks)
    return sorted(chunk for chunk, count in counts.items() if count >= MIN_COUNT)
