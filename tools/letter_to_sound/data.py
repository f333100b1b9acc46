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
_PHONE = {symbol: index for index, symbol in enumerate(MISAKI_SYMBOLS)}


@dataclass(frozen=True)
class Aligned:
    """One reading of a word, in lower case, cut into a chunk of phones for each letter."""

    word: str
    chunks: list[str]


def aligned_chunks(readings: Mapping[str, Sequence[str]], left_out: set[str]) -> list[Aligned]:
    """All readings of all words but some, aligned. Words whose phones do not fit their letters are dropped."""
    words = [
        (word, parse_word(reading))
        for word, known in readings.items()
        if word not in left_out
        for reading in known
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
            aligned.append(Aligned(word, [spelled(pairs[a:b]) for a, b in spans]))
    return aligned


def vocabulary(words: Sequence[Aligned]) -> list[str]:
    """Chunks that are frequent enough to be learned, in order."""
    counts = Counter(chunk for aligned in words for chunk in aligned.chunks)
    return sorted(chunk for chunk, count in counts.items() if count >= MIN_COUNT)
