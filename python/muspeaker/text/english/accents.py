"""Accents of Latin letters: which of them tell how an English word is said."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_FINAL_E = re.compile(r"(?<=\w)(ée?)('?s)?$", re.IGNORECASE)
_SPECIAL_LETTERS = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
})  # fmt: skip


def without_accents(word: str) -> str:
    """Latin letters without their accents, such as `cafe` for `café`."""
    if word.isascii():
        return word
    special = word.translate(_SPECIAL_LETTERS)
    spread = unicodedata.normalize("NFD", special)
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def without_silent_accents(word: str, known: AbstractSet[str]) -> str:
    """A word without accents, but for an `é` at its end, and for those of a known word such as `résumé`.

    Args:
        word: As written.
        known: Words that are known with their accents, in small letters.
    """
    if word.isascii():
        return word
    low = word.lower()
    if low in known or low.removesuffix("s").removesuffix("'") in known:
        return word
    end = _FINAL_E.search(word)
    return without_accents(word) if end is None else without_accents(word[: end.start()]) + end[0]


def before_final_e(word: str) -> tuple[str, str] | None:
    """What stands before an `é` at the end, and the `s` or `'s` after it; None for another word."""
    end = _FINAL_E.search(word)
    return None if end is None else (word[: end.start()], end[2] or "")
