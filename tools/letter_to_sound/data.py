"""The lexicon as batches: letters in, chunks of phones out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.phone_sets import MISAKI_SYMBOLS, parse_word, spelled
from tools.letter_to_sound.alignment import align
from tools.letter_to_sound.words import LETTERS, lexicon_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from muspeaker.text.lexicon_file import LexiconFile

MIN_COUNT = 30  # of a chunk that is learned
_LETTER = {letter: index for index, letter in enumerate(LETTERS)}
_PHONE = {symbol: index for index, symbol in enumerate(MISAKI_SYMBOLS)}


@dataclass(frozen=True)
class Example:
    """One word in one accent: (letters,) numbers of its letters and of the chunk that each spells."""

    letters: NDArray[np.int16]
    chunks: NDArray[np.int16]
    accent: int


def letters_of(word: str) -> NDArray[np.int16]:
    """Numbers of a word's letters, lower case."""
    return np.array([_LETTER[letter] for letter in word], dtype=np.int16)


def aligned_chunks(lexicon: LexiconFile, left_out: set[str]) -> list[tuple[str, list[str]]]:
    """Words and the phones that each of their letters spells, for every reading."""
    words = [
        (word, parse_word(reading))
        for word, readings in lexicon_words(lexicon).items()
        if word not in left_out
        for reading in readings
    ]
    numbers = [
        (letters_of(word), np.array([_PHONE[symbol] for symbol, _ in pairs], dtype=np.int16))
        for word, pairs in words
    ]
    aligned = []
    for (word, pairs), counts in zip(
        words, align(numbers, len(LETTERS), len(MISAKI_SYMBOLS)), strict=True
    ):
        if counts[0] >= 0:
            ends = np.cumsum(counts)
            spans = zip(ends - counts, ends, strict=True)
            aligned.append((word, [spelled(pairs[a:b]) for a, b in spans]))
    return aligned


def examples(
    lexicons: Mapping[str, LexiconFile], left_out: set[str]
) -> tuple[list[Example], list[str]]:
    """Examples of all accents, and the chunks that their numbers stand for."""
    aligned = [aligned_chunks(lexicon, left_out) for lexicon in lexicons.values()]
    counts = Counter(chunk for words in aligned for _, chunks in words for chunk in chunks)
    vocabulary = sorted(chunk for chunk, count in counts.items() if count >= MIN_COUNT)
    number = {chunk: index for index, chunk in enumerate(vocabulary)}
    found = [
        Example(letters_of(word), np.array([number[c] for c in chunks], dtype=np.int16), accent)
        for accent, words in enumerate(aligned)
        for word, chunks in words
        if all(chunk in number for chunk in chunks)
    ]
    return found, vocabulary
