"""Numbers as they stand before units, currencies and nouns: `1,250`, `2.5`, `.5`."""

from __future__ import annotations

from muspeaker.text.normalize.english import number_words

INTEGER = r"(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d+)"
AMOUNT = rf"(?:{INTEGER}(?:\.\d+)?|\.\d+)"
DASH = r"\s?[-–]\s?"
MAGNITUDES = {
    "k": "thousand", "K": "thousand", "thousand": "thousand", "hundred": "hundred",
    "m": "million", "M": "million", "mn": "million", "MM": "million", "mio": "million", "million": "million",
    "b": "billion", "B": "billion", "bn": "billion", "Bn": "billion", "billion": "billion",
    "t": "trillion", "T": "trillion", "tn": "trillion", "trillion": "trillion",
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
