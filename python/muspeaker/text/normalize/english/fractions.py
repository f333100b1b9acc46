"""Fractions, ratings and ratios."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.amounts import amount
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import members

MAX_DENOMINATOR = 100
_CLOCK = re.compile(r"(?:2[5-9]|[3-5]\d):[0-5]\d")
_RATED = frozenset(("stars", "points", "star"))


def fraction(numerator: int, denominator: int, *, british: bool = False) -> str:
    """`seven eighths`, `one half`, `three quarters`; `x over y` where that is no fraction of one."""
    top = number_words.cardinal(numerator, british=british)
    if not _is_part(numerator, denominator):
        return f"{top} over {number_words.cardinal(denominator, british=british)}"
    if denominator == 2:
        return f"{top} {'half' if numerator == 1 else 'halves'}"
    part = "quarter" if denominator == 4 else number_words.ordinal(denominator, british=british)
    return f"{top} {part}{'s' * (numerator != 1)}"


def _is_part(numerator: int, denominator: int) -> bool:
    """Whether it is a fraction that has a name, such as fifths, and not a pair such as 120/80."""
    if not 2 <= denominator <= MAX_DENOMINATOR or numerator == 0:
        return False
    if numerator > denominator:
        return denominator <= 10 and numerator <= 2 * denominator
    return denominator <= 20 or numerator == 1 or denominator in {32, 64, MAX_DENOMINATOR}


def mixed(whole: str, numerator: int, denominator: int, *, british: bool = False) -> str:
    """`two and a half`."""
    number = number_words.cardinal(whole, british=british)
    if numerator == 1:
        part = fraction(1, denominator, british=british).removeprefix("one ")
        return f"{number} and {'an' if part.startswith('eigh') else 'a'} {part}"
    return f"{number} and {fraction(numerator, denominator, british=british)}"


class MixedFraction(PatternRule):
    """`2 1/2`."""

    pattern = r"(\d+)[ -](\d{1,2})/(\d{1,3})(?![\d/])(?:(?:th|rd|nd)s?\b)?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        numerator, denominator = int(match[2]), int(match[3])
        if not 0 < numerator < denominator:
            return None
        return mixed(match[1], numerator, denominator, british=source.british)


class Rating(PatternRule):
    """`3.5/5 stars`, `8.5/10`."""

    pattern = r"(\d{1,3})\.(\d{1,2})/(5|10|100)(?![\d/]|\.\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return (
            f"{number_words.decimal(match[1], match[2])} out of {number_words.cardinal(match[3])}"
        )


class Fraction(PatternRule):
    """`7/8`, `4/5 stars`, `8/10`."""

    pattern = r"(\d{1,4})/(\d{1,4})(?![\d/])(?:(?:th|rd|nd)s?\b)?(?!\.\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1) == "/" or match[2].startswith("0"):
            return None
        if len(match[1]) > 1 and match[1].startswith("0"):
            return None
        numerator, denominator = int(match[1]), int(match[2])
        british = source.british
        if source.word_before(match.start()).lower() in members("contexts", "version"):
            return f"{number_words.cardinal(numerator)} slash {number_words.cardinal(denominator)}"
        rated = source.next_word(match.end()).lower() in _RATED or numerator == denominator > 1
        if rated or (denominator in {10, 100} and numerator <= denominator and numerator > 1):
            top, bottom = (
                number_words.cardinal(n, british=british) for n in (numerator, denominator)
            )
            return f"{top} out of {bottom}"
        return fraction(numerator, denominator, british=british) + _of_one(match, source)


def _of_one(match: re.Match[str], source: Source) -> str:
    """`of an` before a measure that is written out in the singular: `3/4 inch`."""
    noun = source.next_word(match.end())
    is_many = int(match[1]) > 1 and _is_part(int(match[1]), int(match[2]))
    if not is_many or noun not in _MEASURES or source.has_article(match.start()):
        return ""
    return " of an" if noun in {"hour", "inch", "ounce", "acre"} else " of a"


_MEASURES = frozenset((
    "hour", "inch", "ounce", "acre", "mile", "pound", "foot", "yard", "cup", "teaspoon", "tablespoon", "pint", "quart",
    "gallon", "second", "minute", "liter", "litre", "meter", "metre", "kilometer", "kilometre", "ton", "tonne",
))  # fmt: skip


class Ratio(PatternRule):
    """`3:1`, `2.35:1`, `1:2:3`: what cannot be a time of day."""

    pattern = r"\d{1,5}(?:\.\d{1,3})?(?::\d{1,5}(?:\.\d{1,3})?){1,4}(?![\d:])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        parts = match[0].split(":")
        if _CLOCK.fullmatch(match[0]):  # minutes and seconds
            last = number_words.cardinal(int(parts[1]))
            oh = "" if int(parts[1]) > 9 else "oh " if int(parts[1]) else "hundred "
            return f"{number_words.cardinal(parts[0])} {oh}{last}".removesuffix(" hundred zero")
        return " to ".join(amount(part, british=source.british) for part in parts)
