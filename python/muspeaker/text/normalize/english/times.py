"""Times of day and durations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.dates import DAYS, SHORT_NAMES
from muspeaker.text.normalize.english.source import PatternRule, Source

if TYPE_CHECKING:
    import re

_HALF = r"(?:([ap])\.\s?m\.|([AaPp])\.?[Mm]\b)"


def _half(match: re.Match[str], source: Source, dotted: int, plain: int) -> str:
    """`A M` or `P M`, with the full stop that also ends the sentence."""
    letter = match[dotted] or match[plain]
    if not letter:
        return ""
    following = source.next_word(match.end())
    is_zone = len(following) > 1 and following.isupper()
    goes_on = is_zone or following in DAYS or following in SHORT_NAMES
    is_end = match[dotted] and source.capital_follows(match.end()) and not goes_on
    return f" {letter.upper()} M{'.' if is_end else ''}"


def clock(hour: int, minute: int, *, has_half: bool) -> str:
    """`eight o'clock`, `five thirty`, `nine oh five`; with AM or PM an hour stands alone.

    The first hour of the day is said as twelve, and hours after noon as they are written.
    """
    if hour in {0, 24}:
        return clock(12, minute, has_half=True) + ("" if has_half else " A M")
    spoken = number_words.cardinal(hour)
    if minute == 0:
        if has_half:
            return spoken
        return f"{spoken} o'clock" if hour <= 12 else f"{spoken} hundred"
    if minute < 10:
        return f"{spoken} oh {number_words.cardinal(minute)}"
    return f"{spoken} {number_words.cardinal(minute)}"


class TimeOfDay(PatternRule):
    """`8:00`, `5:30 p.m.`, `14:30`, `00:15`, `10:30:15`."""

    pattern = rf"(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})(?:\.\d+)?)?(?:\s?{_HALF})?(?![\d:])Z?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        hour, minute = int(match[1]), int(match[2])
        if hour > 24 or minute > 59:
            return None
        half = _half(match, source, 4, 5)
        spoken = clock(hour, minute, has_half=bool(half))
        if match[3] and source.word_before(match.start()).lower() in _TAKES_TIME:
            parts = (
                _counted(match[place], unit)
                for place, unit in ((1, "hour"), (2, "minute"), (3, "second"))
                if int(match[place])
            )
            return " ".join(parts) or None
        if match[3] and match[3] != "00":
            spoken += f" and {_counted(match[3], 'second')}"
        if hour > 12:
            half = "." * half.endswith(".")
        return spoken + half


_TAKES_TIME = frozenset(
    ("took", "takes", "take", "lasted", "lasts", "in", "of", "ran", "runs", "within", "under", "clocked", "length", "duration")
)  # fmt: skip


class HoursOfService(PatternRule):
    """`1700 hrs`, `0830 hours`: hours as armies and hospitals write them."""

    pattern = r"([01]\d|2[0-3])([0-5]\d) ?(?:hrs?|h|hours)\b(?! of)(?:\.(?=,? [a-z]))?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        hour, minute = int(match[1]), int(match[2])
        is_time = match[1][0] == "0" or source.word_before(match.start()).lower() in _BEFORE_TIMES
        if not (is_time or minute == 0):
            return None
        spoken = "oh " * (hour < 10) + number_words.cardinal(hour)
        minutes = (
            f"oh {number_words.cardinal(minute)}" if minute < 10 else number_words.cardinal(minute)
        )
        return f"{spoken} {minutes if minute else 'hundred'} hours"


_BEFORE_TIMES = frozenset(("at", "by", "from", "until", "till", "to", "since", "before", "after"))


class RaceTime(PatternRule):
    """`1:23.45`."""

    pattern = r"(\d{1,2}):([0-5]\d)\.(\d{1,3})(?!\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        minutes, seconds = number_words.cardinal(match[1]), number_words.cardinal(int(match[2]))
        oh = "oh " if int(match[2]) < 10 else ""
        return f"{minutes} {oh}{seconds} point {number_words.by_digits(match[3])}"


class PointedTime(PatternRule):
    """`7.30 pm`, as it is written in Britain."""

    pattern = rf"(\d{{1,2}})\.([0-5]\d)\s?{_HALF}"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not 1 <= int(match[1]) <= 12:
            return None
        half = _half(match, source, 3, 4)
        return clock(int(match[1]), int(match[2]), has_half=True) + half


class HourOfDay(PatternRule):
    """`7am`, `7 a.m.`, `7-9 PM`."""

    pattern = rf"(\d{{1,2}})(?:\s?[-–]\s?(\d{{1,2}}))?\s?{_HALF}"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        hours = [number_words.cardinal(int(match[i])) for i in (1, 2) if match[i]]
        if any(not 1 <= int(match[i]) <= 12 for i in (1, 2) if match[i]):
            return None
        joint = f" {source.joint_of_range(match.start())} "
        return joint.join(hours) + _half(match, source, 3, 4)


class Duration(PatternRule):
    """`1h 30m 15s`, `2h30`, `5m30s`."""

    pattern = (
        r"(?:(\d+)\s?(?:h|hrs?)\s?(?:(\d{1,2})(?:\s?(?:m|mins?)\b|(?!\w|[.,:]\d))|(?=\d))"
        r"|(\d+)\s?(?:m|min)(?=\s?\d+\s?s(?:ecs?)?\b))"
        r"(?:\s?(\d{1,2})\s?s(?:ecs?)?\b)?"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        parts = (match[1], match[2] or match[3], match[4])
        units = ("hour", "minute", "second")
        if sum(part is not None for part in parts) < 2:
            return None
        return " ".join(_counted(p, unit) for p, unit in zip(parts, units, strict=True) if p)


def _counted(digits: str, unit: str) -> str:
    number = int(digits)
    return f"{number_words.cardinal(number)} {unit}{'s' * (number != 1)}"
