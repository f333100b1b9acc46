"""Features of one letter of an unknown word, as rows of the letter-to-sound weights.

A feature is a template's number and a few letters, phones or counts, folded into 32 bits. The training
(tools/letter_to_sound) compiles `letter_keys` with numba, so it keeps to integers and plain loops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LETTERS = "^abcdefghijklmnopqrstuvwxyz'"  # the first stands around a word
MARGIN = 5  # letters around a word, so that every window lies inside
_MASK = 0xFFFFFFFF

# Windows of letters: first and last offset from the letter that is read.
WINDOWS = np.array([
    (0, 0), (-1, -1), (1, 1), (-2, -2), (2, 2), (-3, -3), (3, 3), (4, 4),
    (-1, 0), (0, 1), (1, 2), (-2, -1), (2, 3), (-3, -2),
    (-1, 1), (0, 2), (-2, 0), (1, 3), (-3, -1), (2, 4),
    (-1, 2), (0, 3), (-2, 1), (-3, 0), (1, 4),
    (-2, 2), (-1, 3), (-3, 1), (0, 4), (-4, 0),
    (-3, 2), (-2, 3), (-1, 4), (-4, 1), (-3, 3), (-2, 4), (-4, 2),
])  # fmt: skip
NUM_KEYS = len(WINDOWS) + 11
VOWELS = np.array([letter in "aeiouy" for letter in LETTERS])


def fold(key: int, value: int) -> int:
    """Put one more number into a feature's key."""
    key = ((key ^ value) * 0x01000193) & _MASK
    return key ^ (key >> 15)


# The same windows as tables: those of at least k + 1 letters come first, and have their letter k in row k.
_ORDER = np.argsort(WINDOWS[:, 0] - WINDOWS[:, 1], kind="stable")
_LONGEST = int((WINDOWS[:, 1] - WINDOWS[:, 0]).max()) + 1
_NUM_OF_LENGTH = [int((WINDOWS[:, 1] - WINDOWS[:, 0] >= k).sum()) for k in range(_LONGEST)]


def window_keys(letters: NDArray[np.int64]) -> NDArray[np.int64]:
    """The keys of every letter of a word that do not hang on what was read before: `letter_keys`, for all at once.

    Args:
        letters: Numbers of the word's letters, `MARGIN` zeros on both sides.

    Returns:
        (letters, windows) int64.
    """
    places = np.arange(MARGIN, len(letters) - MARGIN)
    keys = np.broadcast_to(((0x811C9DC5 ^ _ORDER) * 0x01000193) & _MASK, (len(places), len(_ORDER)))
    keys = keys ^ (keys >> 15)
    for k, count in enumerate(_NUM_OF_LENGTH):
        values = letters[places[:, None] + WINDOWS[_ORDER[:count], 0] + k]
        folded = ((keys[:, :count] ^ values) * 0x01000193) & _MASK
        keys[:, :count] = folded ^ (folded >> 15)
    found: NDArray[np.int64] = np.empty_like(keys)
    found[:, _ORDER] = keys
    return found


def fold_four(template: int, a: int, b: int, c: int, d: int) -> int:
    """The key of a template's four numbers: `fold` five times, written out since calls take longer."""
    key = ((0x811C9DC5 ^ template) * 0x01000193) & _MASK
    key = (((key ^ (key >> 15)) ^ a) * 0x01000193) & _MASK
    key = (((key ^ (key >> 15)) ^ b) * 0x01000193) & _MASK
    key = (((key ^ (key >> 15)) ^ c) * 0x01000193) & _MASK
    key = (((key ^ (key >> 15)) ^ d) * 0x01000193) & _MASK
    return key ^ (key >> 15)


def letter_keys(
    letters: NDArray[np.int64],
    index: int,
    history: tuple[int, int, int],
    syllables: tuple[int, int],
    keys: NDArray[np.int64],
) -> None:
    """Fill in the keys of one letter.

    Args:
        letters: Numbers of the word's letters, `MARGIN` zeros on both sides.
        index: The letter's place among them.
        history: Chunks of the last letter, of the one before, and of the last one that spells a sound; each is
            its number plus one, or 0 at the start.
        syllables: 1 if the primary stress has been given; vowel letters from here to the end.
        keys: (NUM_KEYS,) int64, written to.
    """
    for at in range(len(WINDOWS)):
        key = fold(0x811C9DC5, at)
        for offset in range(WINDOWS[at, 0], WINDOWS[at, 1] + 1):
            key = fold(key, letters[index + offset])
        keys[at] = key
    history_keys(letters, index, history, syllables, keys)


def history_keys(
    letters: NDArray[np.int64] | Sequence[int],
    index: int,
    history: tuple[int, int, int],
    syllables: tuple[int, int],
    keys: NDArray[np.int64],
) -> None:
    """Fill in the keys after those of the windows, which hang on what was read before; as `letter_keys`.

    Plain integers in a list are three times as fast here as those of an array.
    """
    last, further, sounded = history
    stressed, vowels = syllables
    left = min(vowels, 5)
    here, after, next_but_one = letters[index], letters[index + 1], letters[index + 2]
    before = letters[index - 1]
    at = len(WINDOWS)
    keys[at] = fold_four(at, last, here, 0, 0)
    keys[at + 1] = fold_four(at + 1, last, further, here, 0)
    keys[at + 2] = fold_four(at + 2, last, here, after, next_but_one)
    keys[at + 3] = fold_four(at + 3, sounded, here, after, 0)
    keys[at + 4] = fold_four(at + 4, stressed, left, here, after)
    keys[at + 5] = fold_four(at + 5, stressed, left, int(VOWELS[here]), 0)
    keys[at + 6] = fold_four(at + 6, stressed, here, after, next_but_one)
    keys[at + 7] = fold_four(at + 7, sounded, last, here, after)
    keys[at + 8] = fold_four(at + 8, stressed, left, here, before)
    keys[at + 9] = fold_four(at + 9, last, before, here, after)
    keys[at + 10] = fold_four(at + 10, 0, 0, 0, 0)
