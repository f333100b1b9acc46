"""Numbers that are dialled or copied: telephones, cards, social security."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source

_GROUP = re.compile(r"\d+|[A-Z]+")


def _spoken(groups: list[str]) -> str:
    """Groups of digits one by one, with a short pause between the groups; `800` as a hundred."""
    return ", ".join(
        "eight hundred"
        if group == "800" and place < 2
        else number_words.by_digits(group)
        if group.isdecimal()
        else group.lower()
        for place, group in enumerate(groups)
    )


class DialledNumber(PatternRule):
    """`555-1234`, `(555) 123-4567`, `1-800-FLOWERS`, `1-800-GO-FEDEX`, `020 7946 0958`, `4111 1111 1111 1111`."""

    pattern = (
        r"(?:"
        r"(?:1[-. ]?\(|\()?\d{3}\) ?\d{3}[-. ]\d{4}"
        r"|(?:1[-. ])?\d{3}([-. ])\d{3}\1\d{4}"
        r"|1-8\d\d(?:-[A-Z]{2,9}){1,3}(?:-\d{1,4})?"
        r"|\d{3}-\d{4}"
        r"|\d{3}-\d{2}-\d{4}"
        r"|\d{4}([ -])\d{4}\2\d{4}\2\d{4}"
        r"|\(?0\d{2,4}\)? \d{3,4} ?\d{3,4}"
        r")(?![\w/])(?![-.,]\d)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1) in {"-", "$", "£", "€", "."}:
            return None
        return _spoken(_GROUP.findall(match[0]))


class GroupedDigits(PatternRule):
    """`978-3-16-148410-0`: three groups or more, which are no date."""

    pattern = r"\d{1,7}(?:-\d{1,7}){2,6}(?![\w-])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return (
            None
            if source.character(match.start() - 1) == "-"
            else _spoken(_GROUP.findall(match[0]))
        )


class InternationalNumber(PatternRule):
    """`+44 20 7946 0958`."""

    pattern = r"\+(\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6})(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        groups = _GROUP.findall(match[1])
        if sum(map(len, groups)) < 7:
            return None
        return f"plus {_spoken(groups)}"
