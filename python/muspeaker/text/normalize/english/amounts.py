"""Numbers as they stand before units, currencies and nouns: `1,250`, `2.5`, `.5`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from muspeaker.text.normalize.english import number_words

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

INTEGER = r"(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d+)"
AMOUNT = rf"(?:{INTEGER}(?:\.\d+)?|\.\d+)"
DASH = r"\s?[-–]\s?"
MAGNITUDES = {
    "k": "thousand", "K": "thousand", "thousand": "thousand", "hundred": "hundred",
    "m": "million", "M": "million", "mn": "million", "MM": "million", "mio": "million", "million": "million",
    "b": "billion", "B": "billion", "bn": "billion", "Bn": "billion", "billion": "billion",
    "t": "trillion", "T": "trillion", "tn": "trillion", "trillion": "trillion",
    "lakh": "lakh", "lakhs": "lakh", "crore": "crore", "crores": "crore",
}  # fmt: skip


def amount(written: str, *, british: bool = False) -> str:
    """An amount in words.

    Args:
        written: What `AMOUNT` matches.
        british: As for `number_words.cardinal`.
    """
    whole, point, fraction = written.partition(".")
    if not point:
        return number_words.cardinal(whole, british=british)
    return number_words.decimal(whole, fraction, british=british)


def is_one(written: str) -> bool:
    """Whether what is counted stands in the singular."""
    return written == "1"


_COMMA_NUMBER = r"(?<![\w.,])(\d{1,3}(?:\.\d{3})*|\d+),(\d{1,2})(?![\w]|,\d|\.\d)"
_WITH_COMMA = re.compile(_COMMA_NUMBER)
# What tells that a comma is a decimal one: a sign or a unit after it, a sign before it, or points between thousands.
_CLEARLY_DECIMAL = re.compile(
    rf"{_COMMA_NUMBER} ?(?:€|EUR\b|%|∘|[kcm]?[mgl]\b|Euro\b|euros?\b)|€ ?\d[\d.]*,\d\d\b|\d\.\d{{3}},\d{{1,2}}\b"
)


def write_decimal_points(text: TracedText) -> None:
    """Put points in the place of decimal commas, in a text that clearly uses them: `10,50 €`, `3,5 kg`."""
    if "," in text.text and _CLEARLY_DECIMAL.search(text.text):
        text.sub(_WITH_COMMA, lambda match: f"{match[1].replace('.', '')}.{match[2]}")
