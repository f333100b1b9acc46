"""Dates: with names of months, with slashes, dots or dashes; names of days and months cut short."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = {name: name for name in MONTHS} | {name[:3]: name for name in MONTHS}
_MONTH_NAMES |= {"Sept": "September"} | {name.upper(): name for name in MONTHS}
_MONTH_NAMES |= {name[:3].upper(): name for name in MONTHS}
_DAY_NAMES = {name[:3]: name for name in DAYS}
_DAY_NAMES |= {"Tues": "Tuesday", "Thurs": "Thursday"}
_MONTH = "|".join(sorted(_MONTH_NAMES, key=len, reverse=True))
_SHORT_DAY = "|".join(sorted(_DAY_NAMES, key=len, reverse=True))
SHORT_NAMES = frozenset((*_MONTH_NAMES, *_DAY_NAMES))
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE_WORDS = frozenset(
    (
        *(name.lower() for name in (*DAYS, *_DAY_NAMES)),
        "on",
        "by",
        "before",
        "after",
        "since",
        "until",
        "till",
        "dated",
        "due",
    )
)


def _day(written: str) -> str:
    return number_words.ordinal(re.sub(r"\D", "", written).lstrip("0") or "0")


def _is_day(written: str) -> bool:
    return 1 <= int(re.sub(r"\D", "", written)) <= 31


def spoken_date(day: int, month: int, year: int | None, *, british: bool) -> str | None:
    """A date in the order of the country, or None if there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    name, number = MONTHS[month - 1], number_words.ordinal(day)
    spoken = f"the {number} of {name}" if british else f"{name} {number}"
    if year is None:
        return spoken
    return f"{spoken}, {number_words.year(year, british=british)}"


def _full_year(written: str | None) -> int | None:
    if written is None:
        return None
    if len(written) == 4:
        return int(written)
    return int(written) + (1900 if int(written) >= 50 else 2000)


class NumericDate(PatternRule):
    """`3/4/2021` in the order of the country, `28.11.2026`, `28-11-2026`."""

    pattern = r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\w/]|[.-]\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        first, second, sign = int(match[1]), int(match[3]), match[2]
        if sign != "/" and len(match[4]) == 2:
            return None
        year = _full_year(match[4])
        day_first = source.british or sign == "."
        orders = [(first, second), (second, first)]
        for day, month in orders if day_first else orders[::-1]:
            spoken = spoken_date(day, month, year, british=source.british)
            if spoken:
                return _without_second_article(spoken, source, match.start())
        return None


class DayAndMonth(PatternRule):
    """`12/25` after a word such as `on`."""

    pattern = r"(\d{1,2})/(\d{1,2})(?![\w/]|[.-]\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        has_zero = match[1].startswith("0") or match[2].startswith("0")
        at_time = source.next_word(match.end()) == "at"
        is_told = source.word_before(match.start()).lower() in _DATE_WORDS
        if not (is_told or has_zero or at_time):
            return None
        first, second = int(match[1]), int(match[2])
        day, month = (first, second) if source.british else (second, first)
        spoken = spoken_date(day, month, None, british=source.british)
        return spoken or spoken_date(month, day, None, british=source.british)


class MonthAndYear(PatternRule):
    """`12/2024` is a month, `2024/25` two years."""

    pattern = r"(\d{1,2})/((?:19|20)\d\d)(?![\w/])|((?:19|20)\d\d)/(\d\d)(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        british = source.british
        if match[3]:
            if int(match[4]) != (int(match[3]) + 1) % 100:
                return None
            return f"{number_words.year(int(match[3]), british=british)} {number_words.cardinal(int(match[4]))}"
        if not 1 <= int(match[1]) <= 12:
            return None
        return f"{MONTHS[int(match[1]) - 1]} {number_words.year(int(match[2]), british=british)}"


class IsoDate(PatternRule):
    """`2026-11-28`, `2026/11/28`; a time may follow after a `T`."""

    pattern = r"(\d{4})([-/])(\d{2})\2(\d{2})(?:T(?=\d)|(?![\w-]))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        spoken = spoken_date(int(match[4]), int(match[3]), int(match[1]), british=source.british)
        if spoken is None:
            return None
        spoken = _without_second_article(spoken, source, match.start())
        return f"{spoken}, " if match[0].endswith("T") else spoken


def _without_second_article(spoken: str, source: Source, start: int) -> str:
    if source.word_before(start).lower() == "the":
        return spoken.removeprefix("the ")
    return spoken


class MonthAndDay(PatternRule):
    """`Nov 28`, `March 3rd, 2021`, `Dec. 5-7`, `Jan 2026`."""

    pattern = (
        rf"({_MONTH})\b(\.?) (?:the )?"
        rf"(?:({_DAY})(?!\d|:\d|[.,/]\d|%)(?:\s?[-–]\s?({_DAY})(?![\d:/]))?(?:(,?) (\d{{4}})(?![\d:-]))?|(\d{{4}})\b)"
    )  # fmt: skip

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        name = _MONTH_NAMES[match[1]]
        if match[7]:
            year = int(match[7])
            return f"{name} {number_words.year(year, british=source.british)}"
        if not _is_day(match[3]) or (match[4] and not _is_day(match[4])):
            return None
        article = "the " if source.british or " the " in match[0] else ""
        spoken = f"{name} {article}{_day(match[3])}"
        if match[4]:
            spoken += f" {source.joint_of_range(match.start())} {article}{_day(match[4])}"
        if match[6]:
            spoken += f", {number_words.year(int(match[6]), british=source.british)}"
        return spoken


class DayBeforeMonth(PatternRule):
    """`28 November 2026`, `5th of May`, `10-12 June`."""

    pattern = rf"({_DAY})(?:\s?[-–]\s?({_DAY}))? (?:of )?({_MONTH})\b(?:\.(?= [a-z\d]|, \d{{4}}))?(?:,? (\d{{4}})(?![\d:-]))?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not _is_day(match[1]) or (match[2] and not _is_day(match[2])):
            return None
        article = "" if source.word_before(match.start()).lower() in {"the", "a"} else "the "
        spoken = f"{article}{_day(match[1])}"
        if match[2]:
            spoken += f" {source.joint_of_range(match.start())} the {_day(match[2])}"
        spoken += f" of {_MONTH_NAMES[match[3]]}"
        if match[4]:
            spoken += f", {number_words.year(int(match[4]), british=source.british)}"
        return spoken


class ShortMonth(PatternRule):
    """`Dec.` by itself."""

    pattern = r"(Jan|Feb|Aug|Sept|Sep|Oct|Nov|Dec)\.(?! ?\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        stop = "." if source.capital_follows(match.end()) else ""
        return _MONTH_NAMES[match[1]] + stop


class ListedDays(PatternRule):
    """`Sat/Sun`, `Mon/Wed/Fri`, `Sat & Sun`."""

    pattern = rf"((?:{_SHORT_DAY})\b(?: ?[/&] ?(?:{_SHORT_DAY})\b)+)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        days = (_DAY_NAMES[day] for day in re.findall(r"\w+", match[1]))
        return (" and " if "&" in match[1] else ", ").join(days)


class ShortDay(PatternRule):
    """`Mon.`, `Sat. Dec. 5`, `Tue, May 4`, `Mon-Fri`."""

    pattern = (
        rf"({_SHORT_DAY})\b(?:"
        rf"\.?\s?[-–]\s?({_SHORT_DAY})\b\.?"
        rf"|\.?(?=,? (?:{_MONTH}|\d)|,| (?:at|and|morning|afternoon|evening|night|to|through)\b)"
        r"|(\.))"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        name = _DAY_NAMES[match[1]]
        if match[2]:
            is_end = match[0].endswith(".") and source.ends_text(match.end())
            return f"{name} to {_DAY_NAMES[match[2]]}{'.' * is_end}"
        if match[3]:
            before = source.word_before(match.start()).lower()
            if match[1] in {"Sat", "Sun"} and before not in _BEFORE_DAYS:
                return None
            return name + ("." if source.capital_follows(match.end()) else "")
        is_word = match[1] in {"Sun", "Sat", "Wed"} and "." not in match[0]
        return None if is_word and not _DATE_AHEAD.match(source.text, match.end()) else name


_BEFORE_DAYS = frozenset(
    ("on", "every", "each", "next", "last", "by", "until", "till", "and", "to", "from", "this")
)
_DATE_AHEAD = re.compile(rf",? (?:{_MONTH}|\d)")
