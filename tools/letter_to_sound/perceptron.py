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
    Model = tuple[NDArray[np.float32], NDArray[np.float64]]

MARGIN = 12.0  # score by which the right chunk should win
_SOUNDS, _STRESSES, _SILENT = 0, 1, 2  # what a chunk is

# The features are the package's own; the functions that they call must be compiled before them.
lf.fold = numba.njit(inline="always")(lf.fold)  # type: ignore[assignment]
lf.fold_four = numba.njit(inline="always")(lf.fold_four)  # type: ignore[assignment]
lf.history_keys = numba.njit(inline="always")(lf.history_keys)  # type: ignore[assignment]
_letter_keys = numba.njit(lf.letter_keys)


@dataclass(frozen=True)
class Options:
    """How long it trains, and which features it looks at."""

    passes: int = 4
    min_count: int = 12


def _joined(words: Sequence[Aligned], chunks: Sequence[str]) -> Arrays:
    """Letters and chunks of all words whose chunks are known, and where each word begins."""
    number = {chunk: index for index, chunk in enumerate(chunks)}
    kept = [w for w in words if all(chunk in number for chunk in w.chunks)]
    letters = [lf.LETTERS.index(letter) for w in kept for letter in w.word]
    targets = [number[chunk] for w in kept for chunk in w.chunks]
    starts = np.cumsum([0] + [len(w.word) for w in kept])
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
    known: NDArray[np.int64], right: int, model: Model, scores: NDArray[np.float32], step: int
) -> int:
    """Learn from one letter; returns the chunk that it would have got."""
    weights, total = model
    scores[:] = 0
    for row in known:
        scores += weights[row]
    guess = int(np.argmax(scores))
    held = scores[right]
    scores[right] = -np.inf
    rival = np.argmax(scores)
    if held - scores[rival] < MARGIN:
        for row in known:
            weights[row, right] += 1
            weights[row, rival] -= 1
            total[row, right] += step
            total[row, rival] -= step
    return guess


@numba.njit
def _learn(
    words: Arrays,
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
            guess = _step(known[:num_known], chunks[at], model, scores, step)
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


def fit(
    aligned: Sequence[Aligned], chunks: Sequence[str], options: Options
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Train on aligned words.

    Returns:
        (features,) buckets of the frequent features, ascending; (features, chunks) averaged weights.
    """
    words = _joined(aligned, chunks)
    kinds = np.array([_kind(chunk) for chunk in chunks])
    counts = np.zeros(NUM_BUCKETS, dtype=np.int32)
    _count(words, kinds, counts)
    buckets = np.flatnonzero(counts >= options.min_count)
    rows = np.full(NUM_BUCKETS, -1, dtype=np.int32)
    rows[buckets] = np.arange(len(buckets))
    shape = (len(buckets), len(chunks))
    model = (np.zeros(shape, dtype=np.float32), np.zeros(shape))  # total: changes x their steps
    rng = np.random.default_rng(0)
    step = 1
    for turn in range(options.passes):
        order = rng.permutation(len(words[2]) - 1)
        step, wrong = _learn(words, order, kinds, rows, model, step)
        print(f"pass {turn + 1}: {wrong / len(words[0]):.4f} of the letters wrong", flush=True)
    return buckets, (model[0] - model[1] / step).astype(np.float32)
