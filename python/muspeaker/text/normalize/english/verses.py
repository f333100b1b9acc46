"""Verses of the Bible: `John 3:16`, `1 Cor. 13:4-7`."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import words_of

_PLACE = r"(\d{1,3}):(\d{1,3})(?:\s?[-–]\s?(\d{1,3})(?![:\d]))?((?:, ?\d{1,3}(?![:\d]| [A-Z]))*)"
_AHEAD = re.compile(r"\.? \d{1,3}:\d{1,3}\b")
_ORDINALS = {"1": "First", "2": "Second", "3": "Third"}


class Verse(PatternRule):
    """`3:16` and `13:4-7` after the name of a book."""

    pattern = rf"{_PLACE}(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.word_before(match.start()) not in words_of("bible"):
            return None
        chapter, first, last = match.group(1, 2, 3)
        spoken = f"{number_words.cardinal(chapter)} {number_words.cardinal(first)}"
        if last:
            spoken = f"{number_words.cardinal(chapter)}, {number_words.cardinal(first)} to {number_words.cardinal(last)}"
        more = (number_words.cardinal(verse) for verse in re.findall(r"\d+", match[4]))
        return ", ".join([spoken, *more])


class NumberedBook(PatternRule):
    """`1 Cor. 13:4`: the number and the name of a book before a verse."""

    pattern = r"([123]) ([A-Z][a-z]{1,12})(?=\.? \d{1,3}:\d)\.?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        name = words_of("bible").get(match[2])
        return f"{_ORDINALS[match[1]]} {name}" if name else None


class ShortBook(PatternRule):
    """`Gen. 1:1`."""

    pattern = r"([A-Z][a-z]{1,6})\.?(?= \d{1,3}:\d{1,3}\b)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        name = words_of("bible").get(match[1])
        return name if name and name != match[1] else None
