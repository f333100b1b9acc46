"""Amounts with units: SI and imperial, data, kitchen; products and quotients of units."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import fractions, number_words
from muspeaker.text.normalize.english.amounts import AMOUNT, DASH, amount, is_one
from muspeaker.text.normalize.english.source import PatternRule, Source, Spoken
from muspeaker.text.normalize.english.tables import members, table

_AMOUNT = re.compile(
    rf"(?P<first>{AMOUNT})(?:{DASH}(?P<last>{AMOUNT})| (?P<top>\d)/(?P<bottom>\d{{1,2}})"
    r"|/(?P<under>\d{1,3}))?(?P<gap>[ -]?)"
)
_UNIT = re.compile(
    r"(?:sq|fl|cu)\.? (?:ft|in|mi|m|km|yd|oz)\b|in\.(?! ?[A-Z\"])|∘ ?[CFK]?(?!\w)|[A-Za-zµμΩ]+|%"
)
_POWER = re.compile(r"\^([23])")
_PER = re.compile(r" ?/ ?([A-Za-zµμΩ]+)(?:\^([23]))?(?![\w])")
_COMPASS = re.compile(r" ?([NSEW])(?!\w|\.\w)")
_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_WITH_AN = ("hour", "ounce", "inch", "acre", "amp", "ohm")
_POWERS, _RAISED = {"2": "square", "3": "cubic"}, {"2": "squared", "3": "cubed"}
# Units of one letter are words or names where a space stands before them and no amount is likely.
_GLUED = frozenset(("d", "us", "pp", "t", "pc", "ct", "st"))
_WHOLE_WORDS = frozenset(
    ("bar", "bit", "bits", "cal", "min", "mo", "mi", "ha", "ac", "lm", "mol", "ly", "pts")
)


def unit_names(written: str, *, british: bool = False) -> tuple[str, str] | None:
    """One and many of a unit, or None if there is no such unit."""
    written = written.replace("μ", "µ").replace("∘ ", "∘")
    row = table("units").get(written) or table("units").get(written.replace(".", ""))
    if row is None:
        return None
    one, many = row[0], row[1]
    if british:
        return _british(one), _british(many)
    return one, many


def _british(name: str) -> str:
    return name.replace("meter", "metre").replace("liter", "litre")


def per(written: str, *, british: bool = False) -> str:
    """What stands after `per`: the name of a unit, or the word itself."""
    names = unit_names(written, british=british)
    return names[0] if names else written


class Measure:
    """`5 km`, `5–10 km/h`, `12 µg/m^3`, `1 kg`, `a 5 km run`, `20%`, `2 1/2 cm`."""

    def read(self, source: Source, at: int) -> Spoken | None:
        """See `Rule`."""
        number = _AMOUNT.match(source.text, at)
        if number is None:
            return None
        unit = _UNIT.match(source.text, number.end())
        if unit is None or (number["gap"] == "-" and unit[0] == "%"):
            return None
        if unit[0] == "%":
            return Spoken(f"{self._amount(number, source)} percent", unit.end())
        names = self._names(unit[0], number["gap"], source)
        after = source.character(unit.end())
        if names is None or after.isdigit() or after == "'":
            return None
        if unit[0] == "s" and source.character(at - 1) in {"-", "x", "×"}:
            return None  # F-16s and 2x4s are several of them
        return self._spoken(number, unit, names, source)

    def _spoken(
        self,
        number: re.Match[str],
        unit: re.Match[str],
        names: tuple[str, str],
        source: Source,
    ) -> Spoken | None:
        is_single = is_one(number["last"] or number["first"]) and not number["bottom"]
        spoken_amount = self._amount(number, source)
        is_part = number["under"] is not None and " over " not in spoken_amount
        is_single |= is_part or number["gap"] == "-"
        end = unit.end()
        prefix = ""
        power = _POWER.match(source.text, end)
        if power:
            prefix, end = f"{_POWERS[power[1]]} ", power.end()
        quotient = _PER.match(source.text, end)
        tail = ""
        while quotient and (unit_names(quotient[1]) or quotient[1].islower()):
            tail += f" per {_to_power(quotient[2], per(quotient[1], british=source.british))}"
            end = quotient.end()
            quotient = _PER.match(source.text, end)
        if not tail and source.character(end) == "/" and not source.character(end + 1).isdigit():
            return None
        compass = _COMPASS.match(source.text, end) if unit[0] == "∘" else None
        if compass:
            tail, end = f" {_POINTS[compass[1]]}", compass.end()
        is_single |= _is_attribute(source, number.start(), end) and "per" not in names[1]
        goes_on = source.next_word(end + 1)[:1].islower() or source.character(end + 1) in {",", ";"}
        if source.character(end) == "." and goes_on:
            end += 1  # the full stop of an abbreviation
        article = ""
        if is_part and number["first"] != "1":
            article = "of an " if names[0].startswith(_WITH_AN) else "of a "
        spoken = f"{spoken_amount} {article}{prefix}{names[0] if is_single else names[1]}{tail}"
        return Spoken(spoken, end)

    def _names(self, written: str, gap: str, source: Source) -> tuple[str, str] | None:
        if gap == " " and written in _GLUED:
            return None
        names = unit_names(written, british=source.british)
        return None if gap == "-" and written in _WHOLE_WORDS else names

    def _amount(self, number: re.Match[str], source: Source) -> str:
        british = source.british
        if number["bottom"]:
            top, bottom = int(number["top"]), int(number["bottom"])
            return fractions.mixed(number["first"], top, bottom, british=british)
        if number["under"]:
            first = number["first"]
            if not first.isdecimal():
                return f"{amount(first)} over {number_words.cardinal(number['under'])}"
            return fractions.fraction(int(first), int(number["under"]), british=british)
        spoken = amount(number["first"], british=british)
        if number["last"]:
            joint = source.joint_of_range(number.start())
            return f"{spoken} {joint} {amount(number['last'], british=british)}"
        return spoken


def _to_power(power: str | None, unit: str) -> str:
    """`square meter`, but `second squared`."""
    if power is None:
        return unit
    return f"{unit} {_RAISED[power]}" if unit == "second" else f"{_POWERS[power]} {unit}"


def _is_attribute(source: Source, start: int, end: int) -> bool:
    """Whether an amount describes what follows: `a 9mm`, `the 128GB SSD`, `35mm lens`."""
    following = source.next_word(end)
    is_label = len(following) > 1 and following.isupper()
    is_named = is_label and source.word_before(start).lower() in _DETERMINERS
    is_named |= following.lower() in members("contexts", "described")
    return is_named or source.has_article(start) or source.is_attribute(start, end)


_DETERMINERS = frozenset(
    ("the", "this", "that", "my", "your", "our", "its", "his", "her", "one", "each")
)


class Temperature(PatternRule):
    """`98.6 F`, `37 C`: without the sign, in a text that is about temperature."""

    pattern = r"(\d{1,3}(?:\.\d)?) ?([FC])(?![\w'&+#-]|\.\w| [A-Z0-9])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        near = source.text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if not ("." in match[1] or _WEATHER.search(near)):
            return None
        scale = "Fahrenheit" if match[2] == "F" else "Celsius"
        degrees = "degree" if is_one(match[1]) else "degrees"
        return f"{amount(match[1], british=source.british)} {degrees} {scale}"


_NEAR = 100
_WEATHER = re.compile(
    r"∘|\b(?:temperature|temp|fever|oven|bake|preheat|weather|outside|degrees|warm|hot|cold|freez\w+|boil\w*|heat\w*)\b"
    r"|\d\.\d [FC]\b",
    re.IGNORECASE,
)


class Rate(PatternRule):
    """`1/day`, `3/week`."""

    pattern = rf"({AMOUNT})/([a-z]+)(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not (match[2] in _RATES or unit_names(match[2])):
            return None
        british = source.british
        return f"{amount(match[1], british=british)} per {per(match[2], british=british)}"


class RateOfWords(PatternRule):
    """`60 miles/hour`, `words/min`."""

    pattern = r"/([a-z]+)(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        counted = source.word_before(match.start())
        is_rate = match[1] in _RATES or unit_names(match[1]) is not None
        if not (is_rate and counted.endswith("s") and source.text[match.start() - 1].isalpha()):
            return None
        return f" per {per(match[1], british=source.british)}"


_RATES = frozenset(
    (
        "second",
        "minute",
        "hour",
        "day",
        "night",
        "week",
        "month",
        "year",
        "person",
        "unit",
        "game",
        "mile",
        "user",
    )
)


class ArcMinutes(PatternRule):
    """`51°30'26"N`: degrees, minutes and seconds of a place."""

    pattern = r"(\d{1,3})∘ ?(\d{1,2})'(?: ?(\d{1,2}(?:\.\d+)?)\")? ?([NSEW](?!\w))?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        units = ("degree", "minute", "second")
        parts = [
            f"{amount(part)} {unit}{'s' * (not is_one(part))}"
            for part, unit in zip(match.group(1, 2, 3), units, strict=True)
            if part
        ]
        return " ".join([*parts, *([_POINTS[match[4]]] if match[4] else [])])


class FeetWithInches(PatternRule):
    """`6 ft 2 in`."""

    pattern = r"(\d{1,3}) ?ft\.? (\d{1,2}) ?in(?:\.(?= [a-z])|(?![\w.])|(?=\.))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        feet, inches = (number_words.cardinal(part) for part in match.groups())
        foot = "foot" if is_one(match[1]) else "feet"
        return f"{feet} {foot} {inches} {'inch' if is_one(match[2]) else 'inches'}"


class FeetByFeet(PatternRule):
    """`12' x 10'`, `2.5' x 3.5' x 8'`."""

    pattern = r"\d{1,3}(?:\.\d+)?'(?: ?[x×] ?\d{1,3}(?:\.\d+)?')+(?![\w'\"]| ?[x×] ?\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        sides = re.findall(r"[\d.]+", match[0])
        return f"{' by '.join(amount(side, british=source.british) for side in sides)} feet"


class FeetAndInches(PatternRule):
    """`5'11"`, `6' 2"`, `6' tall`."""

    pattern = r"(\d{1,3})'(?:(?=[ -](?:tall|long|wide|deep|high|x)\b)| ?(\d{1,2})(?: (\d)/(\d{1,2}))?(?:\"|''|(?![\w'])))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        feet = number_words.cardinal(match[1])
        if not match[2]:
            return f"{feet} {'foot' if match[1] == '1' else 'feet'}"
        if int(match[2]) > 11:
            return None
        inches = number_words.cardinal(match[2])
        if match[3]:
            inches = fractions.mixed(match[2], int(match[3]), int(match[4]), british=source.british)
        return f"{feet} foot {inches}"


class Inches(PatternRule):
    """`27" monitor`."""

    pattern = (
        rf"(\d/\d{{1,2}}|{AMOUNT})(?:\" ?[x×] ?({AMOUNT})\"|\")(?(2)|(?= ?(?:x\b|by\b|wide|long|tall|high|deep|"
        r"thick|\d{3,4}p|screen|monitor|display|TV|pipe|tablet|laptop|disk|drill|bolt|drive|bit|hole|nail)))|(\d/\d{1,2})\"(?!\w)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if match[3]:
            top, bottom = match[3].split("/")
            spoken = fractions.fraction(int(top), int(bottom), british=source.british)
            return f"{spoken} of an inch"
        if match[2]:
            sides = (amount(side, british=source.british) for side in match.group(1, 2))
            return f"{' by '.join(sides)} inches"
        if "/" in match[1]:
            top, bottom = match[1].split("/")
            return f"{fractions.fraction(int(top), int(bottom), british=source.british)} inch"
        is_single = is_one(match[1]) or _is_attribute(source, match.start(), match.end())
        return f"{amount(match[1], british=source.british)} {'inch' if is_single else 'inches'}"
