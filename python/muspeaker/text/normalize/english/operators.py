"""Signs of arithmetic, comparisons, dashes between numbers, and signs that are words."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.dates import MONTHS
from muspeaker.text.normalize.english.source import PatternRule, Source, Spoken
from muspeaker.text.normalize.english.tables import words_of

_COMPARISONS = {
    ">=": "is greater than or equal to", "<=": "is less than or equal to", "=>": ",", "->": ",", "<-": ",",
    "!=": "is not equal to", "==": "equals", "=": "equals", ">": "is greater than", "<": "is less than",
    "≤": "is less than or equal to", "≥": "is greater than or equal to",
    "+/-": "plus or minus", "→": "to", "⇒": ",", "←": ",", "↔": "to", "↑": "up", "↓": "down",
}  # fmt: skip
# The same before a number, with nothing to compare it with.
_LIMITS = {
    ">=": "at least", "<=": "at most", "≥": "at least", "≤": "at most", ">": "more than", "<": "less than",
}  # fmt: skip
_NEAR = 40  # characters around a dash in which an equals sign makes it a minus
_OPERAND_BEFORE = re.compile(r"(?:\d[%)]?|\)|(?<![^\W_])[A-Za-z](?:\^\d)?) ?$")
_OPERAND_AFTER = re.compile(r" ?(?:[-(]?\d|[A-Za-z](?![^\W_]))")


def _between_operands(source: Source, start: int, end: int) -> bool:
    """Whether numbers or single letters stand on both sides."""
    return (
        _OPERAND_BEFORE.search(source.before(start)) is not None
        and _OPERAND_AFTER.match(source.text, end) is not None
    )


def _is_arithmetic(source: Source, at: int) -> bool:
    near = source.text[max(0, at - _NEAR) : at + _NEAR]
    return any(sign in near for sign in ("=", " + ", "×", "÷", "√"))


class Comparison(PatternRule):
    """`=`, `>=`, `!=`; an arrow is a pause."""

    pattern = r"(\+/-|->|=>|<-|[<>=!]=|[=→⇒←↔↑↓≤≥]|[<>](?=.))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        sign = match[1]
        if sign in _LIMITS and not _ends_operand(source, match.start()):
            bound = source.text[match.end() : match.end() + 2].lstrip()[:1]
            if bound.isdigit() or bound in set("$€£.-"):
                return f" {_LIMITS[sign]} "
        if sign in {"<", ">"} and not _begins_operand(source, match.end()):
            return None
        if sign == "!=" and not source.character(match.start() - 1).isspace():
            return None
        return f" {_COMPARISONS[sign]} "


def _ends_operand(source: Source, start: int) -> bool:
    """Whether a number, a letter or a bracket stands before a sign: something to compare."""
    return _OPERAND.search(source.before(start)) is not None


_OPERAND = re.compile(r"(?:\d[A-Za-z%∘]{0,3}|[)%∘]|(?<![^\W\d_])[^\W\d_])\s*$")


def _begins_operand(source: Source, end: int) -> bool:
    """Whether something to compare stands after a sign."""
    after = source.text[end : end + 2].lstrip()[:1]
    return after.isalnum() or after in set("-(.$€£")


class Multiplication(PatternRule):
    """`3 × 4 = 12` times, `4x4` and `1920×1080` by, `3*4`."""

    pattern = r"(\d+(?:\.\d+)?) ?([x×*]) ?(?=\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        word = "times" if match[2] == "*" or _is_times(source, match) else "by"
        whole, _, fraction = match[1].partition(".")
        return f"{number_words.decimal(whole, fraction, british=source.british)} {word} "


def _is_times(source: Source, match: re.Match[str]) -> bool:
    is_scientific = source.text.startswith("10^", match.end())
    return is_scientific or "=" in source.text[match.start() : match.end() + _NEAR]


class By(PatternRule):
    """Two sides with a unit each: `3 in. x 5 in`."""

    pattern = r"[x×] (?=\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return "by " if _SIDE.search(source.before(match.start())) else None


_SIDE = re.compile(r"\d ?[A-Za-z]{1,3}\.? $")


class Resolution(PatternRule):
    """`1920 x 1080`, `1,920×1,080`; `1,000 × 1,000` is a product."""

    pattern = r"(\d{3,4}|\d,\d{3}(?! )) ?[x×] ?(\d{3,4}|(?<! )\d,\d{3})(?![\d.,]\d|\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if _is_times(source, match):
            return None
        sides = (side.replace(",", "") for side in match.groups())
        return " by ".join(number_words.in_pairs(side) for side in sides)


class Asterisk(PatternRule):
    """`a * b`."""

    pattern = r"\* ?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        is_spaced = match[0] == "* " and source.character(match.start() - 1) == " "
        if not (is_spaced or _is_arithmetic(source, match.start())):
            return None
        return " times " if _between_operands(source, match.start(), match.end()) else None


class Slash(PatternRule):
    """`10 / 2` between spaces, or `x/2` where something is computed."""

    pattern = r"/ ?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        before = source.character(match.start() - 1)
        if before.isdigit() and source.character(match.end()).isdigit() and match[0] == "/":
            return " divided by " if _is_arithmetic(source, match.start()) else " slash "
        if (
            _GREEK_BEFORE.search(source.before(match.start()))
            and source.character(match.end()).isdigit()
        ):
            return " over "
        if not _between_operands(source, match.start(), match.end()):
            return None
        is_spaced = before == " " and match[0] == "/ "
        return " divided by " if is_spaced or _is_arithmetic(source, match.start()) else None


_GREEK_BEFORE = re.compile(r"(?<!\w)[\u0391-\u03c9]$")


class Dash(PatternRule):
    """Between numbers: a minus where something is computed, else `to`. Before a number: a minus.

    In `A320-200` and `747-8` it is a space.
    """

    pattern = r"[-–] ?(?=[\d.$€£¥A-Za-z(])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        start, end = match.start(), match.end()
        before, after = source.before(start), source.character(end)
        is_number = (
            after.isdigit()
            or after in set("$€£¥")
            or (after == "." and source.character(end + 1).isdigit())
        )
        if _between_operands(source, start, end) and _is_arithmetic(source, start):
            is_operator = before[-1:] == " " or before[-1:].isdigit() or before[-1:] == ")"
            return " minus " if is_operator else None
        if not is_number:
            return " to " if _is_range_of_names(source, start, end) else None
        if _VARIABLE.search(before) and match[0] == "-":
            return " minus "
        if before[-1:] in {"", " ", "(", "[", "\u2029", "=", "<", ">", "/"} and match[0] == "-":
            return "minus "
        is_range = _ends_amount(before) and _is_even(before, match[0])
        is_model = _MODEL_END.search(before) and _VARIANT.match(source.text, end)
        if is_range and not is_model:
            first = start - len(before) + before.rstrip().rfind(" ") + 1
            return f" {source.joint_of_range(first)} "
        return " " if is_model else self._joint(before)

    @staticmethod
    def _joint(before: str) -> str | None:
        """A hyphen between a name and a number, as in `F-16`, is a space."""
        return " " if _NAME_END.search(before) else None


def _is_range_of_names(source: Source, start: int, end: int) -> bool:
    """`A-Z`, `April 5-May 3`, `9 a.m.-noon`."""
    before, text = source.before(start), source.text
    if before[-1:] == "A" and text[end : end + 1] == "Z":
        return not (before[-2:-1].isalnum() or source.character(end + 1).isalnum())
    return _ends_amount(before) and _POINT_IN_TIME.match(text, end) is not None


_POINT_IN_TIME = re.compile(
    rf"(?:{'|'.join(MONTHS)}|(?:{'|'.join(m[:3] for m in MONTHS)})\.? \d|[Nn]oon|[Mm]idnight|present|now)\b"
)
_VARIABLE = re.compile(r"(?:^|[\s(])[b-z]$")
_NAME_END = re.compile(r"(?:^|[^\w-])[A-Z][A-Za-z]*$")
_MODEL_END = re.compile(r"(?:^|[^\w-])(?:[A-Z]\d{3}|7[0-8]7)$")
_VARIANT = re.compile(r"(?:\d{1,2}00|[789]|10)(?!\d)")
_AMOUNT_END = re.compile(
    r"(?:\d(?:[%∘°kKmMbB]|bn)?|\d'?s|[ap]\.?m\.?|∘ ?[CF]|[$€£¢%]|\dk?m) ?$", re.IGNORECASE
)


def _ends_amount(before: str) -> bool:
    return _AMOUNT_END.search(before[-6:]) is not None


def _is_even(before: str, dash: str) -> bool:
    """Whether a dash has spaces on both sides or on none."""
    return (before[-1:] == " ") == dash.endswith(" ")


class GradeMinus(PatternRule):
    """`B-`."""

    pattern = r"-(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return " minus" if _GRADE.search(source.before(match.start())) else None


_GRADE = re.compile(r"(?:^|[\s(])[A-F]$")


class Power(PatternRule):
    """`x^2`, `10^6`; after a mark it is a footnote, which is not read."""

    pattern = r"\^(-?)((?:\^?\d)+|[A-Za-z](?!\w))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        base = source.character(match.start() - 1)
        if not (base.isalnum() or base == ")"):
            return ""
        power = match[2].replace("^", "")
        named = {"2": " squared", "3": " cubed"}.get(power) if not match[1] else None
        if named:
            return named
        exponent = number_words.cardinal(power) if power.isdecimal() else power.upper()
        return f" to the power of {'minus ' * bool(match[1])}{exponent}"


class FunctionOf(PatternRule):
    """`f(x)`."""

    pattern = r"([A-Za-z])\(([a-z])\)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return f"{match[1]} of {match[2]}"


class About(PatternRule):
    """`~5`."""

    pattern = r"~ ?(?=[\d$€£])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del match, source
        return "about "


class Hash(PatternRule):
    """`#5` is a number, `#MeToo` a hashtag."""

    pattern = r"#(?:(?=\d)|(?=[^\W\d_]))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        is_number = _NUMBER_OF.match(source.text, match.end()) is not None
        before = source.character(match.start() - 1)
        if not is_number and before.isalpha():
            return " sharp " if before.isupper() else None
        return "number " if is_number else "hashtag "


_NUMBER_OF = re.compile(r"\d|[A-Z]{1,4}-?\d")


class Sharp(PatternRule):
    """`C#`."""

    pattern = r"#(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return " sharp" if source.character(match.start() - 1) in set("ABCDEFG") else None


class Sign:
    """Signs that are words wherever they stand, and Greek letters by themselves or before one more."""

    def read(self, source: Source, at: int) -> Spoken | None:
        """See `Rule`."""
        sign = source.text[at]
        if sign.isalpha() and all(map(str.isalpha, source.text[at + 1 : at + 3].ljust(2, "."))):
            return None
        words = words_of("signs").get(sign)
        size = 2 if sign == "&" and source.character(at + 1) == "&" else 1
        gap = "" if sign.isalpha() and source.character(at + 1) == "-" else " "
        return None if words is None else Spoken(f" {words}{gap}", at + size)
