"""Plurals, possessives, past tenses and -ing forms of words that the lexicon has without them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BEFORE_TAP = frozenset("AIOWYiuæɑəɛɪɹʊʌ")
_DOUBLED = re.compile(r"([bcdgklmnprstvxz])\1ing$|cking$")


def plural(stem: str, *, british: bool) -> str:
    """A word's phones with -s."""
    if stem[-1] in "ptkfθ":
        return stem + "s"
    if stem[-1] in "szʃʒʧʤ":
        return stem + ("ɪz" if british else "ᵻz")
    return stem + "z"


def past(stem: str, *, british: bool) -> str:
    """A word's phones with -ed."""
    if stem[-1] in "pkfθʃsʧ":
        return stem + "t"
    if stem[-1] == "d":
        return stem + ("ɪd" if british else "ᵻd")
    if stem[-1] != "t":
        return stem + "d"
    if british or len(stem) < 2:
        return stem + "ɪd"
    return f"{stem[:-1]}Tᵻd" if stem[-2] in _BEFORE_TAP else stem + "ᵻd"


def progressive(stem: str, *, british: bool) -> str | None:
    """A word's phones with -ing. None where a British `r` would come back, which the stem does not show."""
    if british:
        return None if stem[-1] in "əː" else stem + "ɪŋ"
    return tapped(stem) + "ɪŋ"


def tapped(stem: str) -> str:
    """A word's American phones before an ending that begins with a vowel: its last t may be tapped."""
    is_tap = len(stem) > 1 and stem[-1] == "t" and stem[-2] in _BEFORE_TAP
    return f"{stem[:-1]}T" if is_tap else stem


def stem_of_plural(word: str, is_known: Callable[[str], bool]) -> str | None:
    """The known word that -s, -es, -ies or 's was put to."""
    if len(word) < 3 or not word.endswith("s"):
        return None
    if not word.endswith("ss") and is_known(word[:-1]):
        return word[:-1]
    long_es = len(word) > 4 and word.endswith("es") and not word.endswith("ies")
    if (word.endswith("'s") or long_es) and is_known(word[:-2]):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies") and is_known(word[:-3] + "y"):
        return word[:-3] + "y"
    return None


def stem_of_past(word: str, is_known: Callable[[str], bool]) -> str | None:
    """The known word that -d or -ed was put to."""
    if len(word) < 4 or not word.endswith("d"):
        return None
    if not word.endswith("dd") and is_known(word[:-1]):
        return word[:-1]
    is_ed = len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    if is_ed and is_known(word[:-2]):
        return word[:-2]
    is_ied = len(word) > 5 and word.endswith("ied")
    return word[:-3] + "y" if is_ied and is_known(word[:-3] + "y") else None


def stem_of_progressive(word: str, is_known: Callable[[str], bool]) -> str | None:
    """The known word that -ing was put to, with an `e` dropped or a letter doubled."""
    if len(word) < 5 or not word.endswith("ing"):
        return None
    stem = word[:-3]
    if len(word) > 5 and is_known(stem):
        return stem
    if is_known(stem + "e"):
        return stem + "e"
    if len(word) > 5 and _DOUBLED.search(word) and is_known(word[:-4]):
        return word[:-4]
    return None
