"""Which letters of a word spell which of its phones.

Every letter spells a chunk of zero to three phones, in order. The chunks' probabilities are found by Viterbi training:
all words are aligned with the present probabilities, then these are counted again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_CHUNK = 3
_ROUNDS = 6
_THIRD_COST = 4.0  # cost of a chunk's third phone
_UNSEEN = 0.02
_WORDS_OF_A_ROUND = 30_000


@numba.njit(cache=True)
def _align(
    letters: NDArray[np.int16], phones: NDArray[np.int16], cost: NDArray[np.float32]
) -> NDArray[np.int8]:
    """Number of phones of each letter on the cheapest path; all -1 if there is none."""
    num_letters, num_phones = len(letters), len(phones)
    best = np.full((num_letters + 1, num_phones + 1), np.float32(1e9))
    taken = np.zeros((num_letters + 1, num_phones + 1), dtype=np.int8)
    best[0, 0] = 0.0
    for i in range(num_letters):
        letter = letters[i]
        for j in range(num_phones + 1):
            if best[i, j] >= 1e9:
                continue
            for length in range(min(MAX_CHUNK, num_phones - j) + 1):
                first = phones[j] if length > 0 else 0
                second = phones[j + 1] if length > 1 else 0
                total = best[i, j] + cost[letter, first, second]
                if length == 3:
                    total += _THIRD_COST
                if total < best[i + 1, j + length]:
                    best[i + 1, j + length] = total
                    taken[i + 1, j + length] = length
    counts = np.full(num_letters, np.int8(-1))
    if best[num_letters, num_phones] < 1e9:
        j = num_phones
        for i in range(num_letters, 0, -1):
            counts[i - 1] = taken[i, j]
            j -= taken[i, j]
    return counts


@numba.njit(cache=True)
def _count(
    letters: NDArray[np.int16],
    phones: NDArray[np.int16],
    lengths: NDArray[np.int8],
    seen: NDArray[np.float64],
) -> None:
    """Count what each letter spells in one word; a third phone is not counted."""
    at = 0
    for letter, length in zip(letters, lengths):  # noqa: B905 (numba has no strict)
        if length < 0:
            return
        first = phones[at] if length > 0 else 0
        second = phones[at + 1] if length > 1 else 0
        seen[letter, first, second] += 1.0
        at += length


def _first_cost(
    words: Sequence[tuple[NDArray[np.int16], NDArray[np.int16]]], shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Costs by which letters and phones stand at like places of their words."""
    together = np.full(shape[:2], 0.5)
    for letters, phones in words:
        at = (np.arange(len(phones)) + 0.5) * len(letters) / len(phones)
        np.add.at(together, (letters[at.astype(int)], phones), 1.0)
    share = together / together.sum(1, keepdims=True) / (together.sum(0) / together.sum())
    cost = np.zeros(shape, dtype=np.float32)
    cost[:, :, 0] = -np.log(share)
    cost[:, 0, 0] = 1.0
    cost[:, 1:, 1:] = cost[:, 1:, :1] + np.transpose(cost[:, 1:, :1], (0, 2, 1)) + 2.0
    cost[:, 0, 1:] = 1e9
    return cost


def align(
    words: Sequence[tuple[NDArray[np.int16], NDArray[np.int16]]], num_letters: int, num_phones: int
) -> list[NDArray[np.int8]]:
    """Number of phones that each letter of each word spells.

    Args:
        words: Letters and phones by number; phones count from 1.
        num_letters: Number of letters in the alphabet.
        num_phones: Number of phones in the inventory, 0 included.

    Returns:
        (letters,) int8 for each word; all -1 where its phones are more than three times its letters.
    """
    shape = (num_letters, num_phones, num_phones)
    some = words[:: max(1, len(words) // _WORDS_OF_A_ROUND)]
    cost = _first_cost(some, shape)
    for _ in range(_ROUNDS):
        seen = np.full(shape, _UNSEEN)
        for letters, phones in some:
            _count(letters, phones, _align(letters, phones, cost), seen)
        cost = -np.log(seen / seen.sum((1, 2), keepdims=True)).astype(np.float32)
        cost[:, 0, 1:] = 1e9
    return [_align(letters, phones, cost) for letters, phones in words]
