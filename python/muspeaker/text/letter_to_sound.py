"""Phones of words that no lexicon has, letter by letter.

Every letter gets one chunk of phones, which may be empty: the one whose weights, summed over the letter's features,
are the highest. The features are the letters around it and the chunks before it; tools/letter_to_sound trains them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.english.stress import PRIMARY
from muspeaker.text.feature_weights import SparseFeatureWeights
from muspeaker.text.letter_features import (
    LETTERS,
    MARGIN,
    NUM_KEYS,
    VOWELS,
    WINDOWS,
    history_keys,
    window_keys,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from muspeaker import _core
    from muspeaker.text.lexicon import Accent

DATA = Path(__file__).parent / "data"
MAX_LETTERS = 40  # letters that are read at once
CACHED_WORDS = 4096
_NUMBERS = {letter: number for number, letter in enumerate(LETTERS)}


class LetterToSound:
    """Reads a word by its letters, in one accent.

    Args:
        weights: Weights of the features; the outputs are chunks of phones with stress marks.
    """

    def __init__(self, weights: SparseFeatureWeights) -> None:
        self.weights = weights
        self._is_primary = np.array([PRIMARY in chunk for chunk in weights.names])
        self._stressed = np.flatnonzero(self._is_primary)
        self._unstressed = np.flatnonzero(~self._is_primary)
        self._engine = _engine_reader(weights, self._is_primary)
        self._read = lru_cache(maxsize=CACHED_WORDS)(self._read_uncached)

    def __call__(self, word: str) -> str:
        """Phones of a word.

        Args:
            word: Letters without accents, and apostrophes; other characters are passed over.

        Returns:
            Phones with one primary stress where a vowel can have it; empty without letters.
        """
        letters = "".join(letter for letter in word.lower() if letter in LETTERS[1:])
        pieces = (letters[at : at + MAX_LETTERS] for at in range(0, len(letters), MAX_LETTERS))
        return "".join(self._read(piece) for piece in pieces)

    def _read_uncached(self, letters: str) -> str:
        numbers = [_NUMBERS[letter] for letter in letters]
        best = self.chunks(numbers) if self._engine is None else self._engine.read(numbers)
        return "".join(self.weights.names[index] for index in best)

    def chunks(self, numbers: Sequence[int]) -> list[int]:
        """What the engine does, without it: the chunk of each letter of a word, from their numbers in `LETTERS`."""
        letters = np.array(numbers, dtype=np.int64)
        padded = np.zeros(len(letters) + 2 * MARGIN, dtype=np.int64)
        padded[MARGIN : MARGIN + len(letters)] = letters
        by_windows = self.weights.scores_of_many(window_keys(padded))
        best = np.zeros(len(letters), dtype=np.int64)
        gains = self._walk(padded, by_windows, best, -1)
        if not self._is_primary[best].any() and gains.max(initial=-np.inf) > -np.inf:
            self._walk(padded, by_windows, best, int(gains.argmax()))
        found: list[int] = best.tolist()
        return found

    def _walk(
        self,
        padded: NDArray[np.int64],
        by_windows: NDArray[np.float64],
        best: NDArray[np.int64],
        holder: int,
    ) -> NDArray[np.float64]:
        """Choose the chunk of each letter; returns how near each came to the primary stress.

        Args:
            padded: Numbers of the word's letters, `MARGIN` zeros on both sides.
            by_windows: (letters, outputs), what the windows of letters say.
            best: (letters,), the chunks, written to.
            holder: Index of the letter that must have the primary stress; the chunks before it are chosen already,
                none of them with that stress. -1 leaves the choice.
        """
        numbers = padded[MARGIN : len(padded) - MARGIN]
        plain = padded.tolist()
        gains = np.zeros(len(numbers))
        keys = np.zeros(NUM_KEYS, dtype=np.int64)
        last = further = sounded = stressed = 0
        vowels = int(VOWELS[numbers].sum())
        for index in range(len(numbers)):
            if index < holder:
                further, last = last, int(best[index]) + 1
                sounded = last if self.weights.names[best[index]] else sounded
                vowels -= int(VOWELS[numbers[index]])
                continue
            history, syllables = (last, further, sounded), (stressed, vowels)
            history_keys(plain, MARGIN + index, history, syllables, keys)
            scores = by_windows[index] + self.weights.scores(keys[len(WINDOWS) :])
            with_stress = int(self._stressed[scores[self._stressed].argmax()])
            without = int(self._unstressed[scores[self._unstressed].argmax()])
            gains[index] = gain = scores[with_stress] - scores[without]
            if holder < 0 and not stressed:  # it is free to have the stress or not
                takes = gain > 0 or (gain == 0 and with_stress < without)
            else:
                takes = index == holder
            best[index] = with_stress if takes else without
            further, last = last, int(best[index]) + 1
            sounded = last if self.weights.names[best[index]] else sounded
            stressed = int(stressed or self._is_primary[best[index]])
            vowels -= int(VOWELS[numbers[index]])
        return gains


def _engine_reader(
    weights: SparseFeatureWeights, is_primary: NDArray[np.bool_]
) -> _core.LetterToSound | None:
    """The engine's twin of `LetterToSound`; None in a package without an engine, as training may have it."""
    try:
        from muspeaker import _core  # noqa: PLC0415 (it may be missing)
    except ImportError:
        return None
    arrays = (weights.buckets, weights.starts, weights.outputs, weights.weights)
    is_sounded = np.array([bool(chunk) for chunk in weights.names])
    return _core.LetterToSound(*arrays, is_primary=is_primary, is_sounded=is_sounded)


@lru_cache(maxsize=2)
def shipped_letter_to_sound(accent: Accent) -> LetterToSound:
    """The package's own model of an accent, loaded once."""
    return LetterToSound(SparseFeatureWeights.load(DATA / f"letters-{accent}.npz"))
