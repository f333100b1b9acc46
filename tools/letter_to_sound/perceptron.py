"""The averaged perceptron that learns which chunk of phones each letter spells, compiled by numba."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from muspeaker.text import letter_features as lf
from muspeaker.text.feature_weights import NUM_BUCKETS
from muspeaker.text.letter_to_sound import MAX_LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tools.letter_to_sound.data import Aligned

    Arrays = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    Model = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]

MARGIN = 12.0  # score by which the right chunk should win
RARITY = 0.15  # how much more a weight counts that is used more often: its use to this power
_SOUNDS, _STRESSES, _SILENT = 0, 1, 2  # what a chunk is

# The features are the package's own; the functions that they call must be compiled before them.
lf.fold = numba.njit(inline="always")(lf.fold)  # type: ignore[assignment]
lf.fold_four = numba.njit(inline="always")(lf.fold_four)  # type: ignore[assignment]
lf.history_keys = numba.njit(inline="always")(lf.history_keys)  # type: ignore[assignment]
_letter_keys = numba.njit(lf.letter_keys)


@dataclass(frozen=True)
class Options:
    """How long it trains, and which features it looks at.

    Attributes:
        passes: Passes over all words with the weights of all features.
        passes_of_kept: Passes after that with the weights that are kept alone, which learn what the others knew.
        weights: How many are kept.
        min_count: Occurrences of a feature that is looked at.
    """

    passes: int = 3
    passes_of_kept: int = 3
    weights: int = 250_000
    min_count: int = 12


def _joined(words: Sequence[Aligned], chunks: Sequence[str]) -> Arrays:
    """Letters and chunks of all words, and where each word begins."""
    number = {chunk: index for index, chunk in enumerate(chunks)}
    letters = [lf.LETTERS.index(letter) for w in words for letter in w.word]
    targets = [number[chunk] for w in words for chunk in w.chunks]
    starts = np.cumsum([0] + [len(w.word) for w in words])
    return np.array(letters), np.array(targets), starts


@numba.njit
def _pad(letters: NDArray[np.int64], padded: NDArray[np.int64]) -> int:
    """Copy a word between its margins; returns the number of its vowel letters."""
    padded[:] = 0
    vowels = 0
    for index in range(len(letters)):
        padded[lf.MARGIN + index] = letters[index]
        vowels += lf.VOWELS[letters[index]]
    return vowels


@numba.njit
def _after(
    history: tuple[int, int, int], stressed: int, chunk: int, kind: int
) -> tuple[tuple[int, int, int], int]:
    """The history and the stress after a letter that spells a chunk."""
    sounded = history[2] if kind == _SILENT else chunk + 1
    return (chunk + 1, history[0], sounded), max(stressed, int(kind == _STRESSES))


@numba.njit
def _count(words: Arrays, kinds: NDArray[np.int64], counts: NDArray[np.int32]) -> None:
    """Count the features of all letters, each after the right chunks."""
    letters, chunks, starts = words
    keys = np.zeros(lf.NUM_KEYS, dtype=np.int64)
    padded = np.zeros(MAX_LETTERS + 2 * lf.MARGIN, dtype=np.int64)
    for word in range(len(starts) - 1):
        vowels = _pad(letters[starts[word] : starts[word + 1]], padded)
        history, stressed = (0, 0, 0), 0
        for at in range(starts[word], starts[word + 1]):
            index = lf.MARGIN + at - starts[word]
            _letter_keys(padded, index, history, (stressed, vowels), keys)
            for key in keys:
                counts[key & (NUM_BUCKETS - 1)] += 1
            history, stressed = _after(history, stressed, chunks[at], kinds[chunks[at]])
            vowels -= lf.VOWELS[letters[at]]


@numba.njit
def _step(
    known: NDArray[np.int64],
    right: int,
    model: Model,
    scores: NDArray[np.float32],
    step: int,
    size: float,
) -> int:
    """Learn from one letter, as much as `size` says; returns the chunk that it would have got."""
    weights, total, is_kept = model
    scores[:] = 0
    for row in known:
        scores += weights[row]
    guess = int(np.argmax(scores))
    held = scores[right]
    scores[right] = -np.inf
    rival = np.argmax(scores)
    if held - scores[rival] < MARGIN:
        for row in known:
            if is_kept[row, right]:
                weights[row, right] += size
                total[row, right] += step * size
            if is_kept[row, rival]:
                weights[row, rival] -= size
                total[row, rival] -= step * size
    return guess


@numba.njit
def _learn(
    words: Arrays,
    sizes: NDArray[np.float32],
    order: NDArray[np.int64],
    kinds: NDArray[np.int64],
    rows: NDArray[np.int32],
    model: Model,
    step: int,
) -> tuple[int, int]:
    """One pass over the words; returns the number of steps so far and of wrong letters in it."""
    letters, chunks, starts = words
    keys = np.zeros(lf.NUM_KEYS, dtype=np.int64)
    known = np.zeros(lf.NUM_KEYS, dtype=np.int64)
    scores = np.zeros(model[0].shape[1], dtype=np.float32)
    padded = np.zeros(MAX_LETTERS + 2 * lf.MARGIN, dtype=np.int64)
    wrong = 0
    for word in order:
        vowels = _pad(letters[starts[word] : starts[word + 1]], padded)
        history, stressed = (0, 0, 0), 0
        for at in range(starts[word], starts[word + 1]):
            index = lf.MARGIN + at - starts[word]
            _letter_keys(padded, index, history, (stressed, vowels), keys)
            num_known = 0
            for key in keys:
                row = rows[key & (NUM_BUCKETS - 1)]
                if row >= 0:
                    known[num_known] = row
                    num_known += 1
            # It goes on from its own guesses, since those are what it will see when it is used.
            guess = _step(known[:num_known], chunks[at], model, scores, step, sizes[word])
            wrong += guess != chunks[at]
            step += 1
            history, stressed = _after(history, stressed, guess, kinds[guess])
            vowels -= lf.VOWELS[letters[at]]
    return step, wrong


def _kind(chunk: str) -> int:
    return (
        _SILENT
        if not chunk
        else _STRESSES
        if "\N{MODIFIER LETTER VERTICAL LINE}" in chunk
        else _SOUNDS
    )


@dataclass(frozen=True)
class _Task:
    """What is learned: words, how much each counts, and what their chunks are."""

    words: Arrays
    sizes: NDArray[np.float32]
    kinds: NDArray[np.int64]

    def learn(
        self,
        buckets: NDArray[np.int64],
        first: NDArray[np.float32],
        is_kept: NDArray[np.bool_],
        passes: int,
    ) -> NDArray[np.float32]:
        """Weights averaged over some passes that begin with the first ones; only the kept ones change."""
        rows = np.full(NUM_BUCKETS, -1, dtype=np.int32)
        rows[buckets] = np.arange(len(buckets))
        weights, total = first.copy(), np.zeros(first.shape)  # total: changes x their steps
        rng = np.random.default_rng(0)
        step = 1
        for turn in range(passes):
            order = rng.permutation(len(self.words[2]) - 1)
            model = (weights, total, is_kept)
            step, wrong = _learn(self.words, self.sizes, order, self.kinds, rows, model, step)
            share = wrong / len(self.words[0])
            print(f"pass {turn + 1}: {share:.4f} of the letters wrong", flush=True)
        return (weights - total / step).astype(np.float32)


def fit(
    aligned: Sequence[Aligned], chunks: Sequence[str], options: Options
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Train on aligned words, those of unknown chunks left out.

    Returns:
        (features,) buckets of the features that are kept, ascending; (features, chunks) averaged weights, zero where
        they are not kept.
    """
    learned = [w for w in aligned if all(chunk in chunks for chunk in w.chunks)]
    sizes = np.array([w.size for w in learned], dtype=np.float32)
    kinds = np.array([_kind(chunk) for chunk in chunks])
    task = _Task(_joined(learned, chunks), sizes, kinds)
    counts = np.zeros(NUM_BUCKETS, dtype=np.int32)
    _count(task.words, kinds, counts)
    buckets = np.flatnonzero(counts >= options.min_count)
    shape = (len(buckets), len(chunks))
    first = np.zeros(shape, dtype=np.float32)
    averaged = task.learn(buckets, first, np.ones(shape, dtype=np.bool_), options.passes)
    worth = np.abs(averaged) * counts[buckets][:, None].astype(np.float32) ** RARITY
    is_kept = worth >= np.partition(worth.ravel(), -options.weights)[-options.weights]
    some = is_kept.any(1)
    kept = averaged[some] * is_kept[some]
    return buckets[some], task.learn(buckets[some], kept, is_kept[some], options.passes_of_kept)
