"""Money: `$5.20`, `$1.5M`, `€3–5m`, `20 EUR`, `$5/month`."""

from __future__ import annotations

import re
from typing import NamedTuple

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.amounts import AMOUNT, DASH, MAGNITUDES, amount, is_one
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import table
from muspeaker.text.normalize.english.units import per

_MAGNITUDE = rf"(?:[\s-]?(?P<magnitude>{'|'.join(sorted(MAGNITUDES, key=len, reverse=True))})\b)?"
_PER = r"(?:\s?/\s?(?P<per>[A-Za-z]+)\b(?!/))?"
_SIGNS = tuple(name for name in table("currencies") if not name[-1].isalpha())
_CODES = tuple(name for name in table("currencies") if name[-1].isalpha())


def _choice(names: tuple[str, ...]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


class Currency(NamedTuple):
    """Names of a currency and of its hundredth part; the latter are empty if it has none."""

    one: str
    many: str
    one_part: str
    many_parts: str


def currency(written: str) -> Currency:
    """The currency of a sign or a code."""
    return Currency(*(*table("currencies")[written], "", "")[:4])


def _sum(match: re.Match[str], names: Currency, source: Source) -> str:
    """An amount of money in words."""
    written, magnitude, last = match["amount"], match["magnitude"], match["last"]
    british = source.british
    is_attribute = source.is_attribute(match.start(), match.end())
    spoken = amount(written, british=british)
    if last:
        spoken = f"{spoken} {source.joint_of_range(match.start())} {amount(last, british=british)}"
    if magnitude:
        unit = names.one if is_attribute else names.many
        return f"{spoken} {MAGNITUDES[magnitude]} {unit}"
    whole, point, fraction = written.partition(".")
    if last or (point and (len(fraction) != 2 or not names.one_part)):
        return f"{spoken} {names.one if is_attribute else names.many}"
    return _with_parts(whole or "0", fraction, names, is_attribute=is_attribute, british=british)


def _with_parts(
    whole: str, fraction: str, names: Currency, *, is_attribute: bool, british: bool
) -> str:
    """`five dollars and twenty cents`; `twenty cents` alone if there are no dollars."""
    is_single = is_one(whole) or is_attribute
    spoken = (
        f"{number_words.cardinal(whole, british=british)} {names.one if is_single else names.many}"
    )
    parts = int(fraction or 0)
    if not parts:
        return spoken
    small = f"{number_words.cardinal(parts)} {names.one_part if parts == 1 else names.many_parts}"
    return small if whole.strip("0,") == "" else f"{spoken} and {small}"


class SignBefore(PatternRule):
    """`$5.20`, `US$1.5M`, `€3–5 million`, `$5/month`."""

    pattern = (
        rf"(?P<sign>{_choice(_SIGNS)}) ?(?P<amount>{AMOUNT})"
        rf"(?:{DASH}(?:{_choice(_SIGNS)})?(?P<last>{AMOUNT}))?{_MAGNITUDE}(?![\d])\+?{_PER}"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        spoken = _sum(match, currency(match["sign"]), source)
        plus = " plus" if "+" in match[0] else ""
        return spoken + plus + (f" per {per(match['per'])}" if match["per"] else "")


class CodeBefore(PatternRule):
    """`USD 20`, `CHF 5.50`, `Rs. 500`."""

    pattern = (
        rf"(?P<sign>{_choice(tuple(code for code in _CODES if code != 'kr'))})\.? ?(?P<amount>{AMOUNT})"
        rf"(?:{DASH}(?P<last>{AMOUNT}))?{_MAGNITUDE}(?!\d)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return _sum(match, currency(match["sign"]), source)


_SCREEN_LINES = frozenset(("240", "360", "480", "576", "720", "1080", "1440", "2160", "4320"))


class SignAfter(PatternRule):
    """`5 €`, `20 EUR`, `1.5M USD`, `50¢`, in Britain `50p`."""

    pattern = (
        rf"(?P<amount>{AMOUNT})(?:{DASH}(?P<last>{AMOUNT}))?{_MAGNITUDE}"
        rf"(?: ?(?P<sign>{_choice((*_SIGNS, *_CODES))})|(?P<pence>p))(?![\w])(?! ?\d)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if match["pence"]:
            if not source.british or match["magnitude"] or match["amount"] in _SCREEN_LINES:
                return None
            return f"{amount(match['amount'])} {'penny' if is_one(match['amount']) else 'pence'}"
        return _sum(match, currency(match["sign"]), source)
