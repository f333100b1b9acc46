"""Text clean-up that every language needs: one form of each sign, before and after a language's rules."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNS = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‹": '"', "›": '"', "‐": "-", "‑": "-", "−": "-", "―": "—", "‒": "–",
    "²": " 2 ", "³": " 3 ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 ", "⅓": " 1/3 ", "⅔": " 2/3 ", "…": "…",
})  # fmt: skip
MAX_GROWTH = 2  # of the length of a text when its compatibility signs are written out
FREE_GROWTH = 100  # characters that a short text may grow by besides
_JOINERS = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f")


def clean(text: str) -> str:
    """Bring a text to NFKC, and quotes, dashes and spaces to one form each.

    Control characters and pictures are dropped. Paragraphs end up apart by U+2029.

    Raises:
        ValueError: If signs that stand for several letters, such as U+FDFA for 18, make the text many times
            as long: what was typed is limited elsewhere, and this is what is to be spoken.
    """
    text = text.translate(_SIGNS)
    most = MAX_GROWTH * len(text) + FREE_GROWTH
    text = unicodedata.normalize("NFKC", text)
    if len(text) > most:
        raise ValueError(
            f"signs that stand for several letters make the text {len(text)} characters long: "
            f"expected at most {most}"
        )
    text = one_newline(text)
    text = "".join(
        letter if _is_kept(letter) else " " * (letter not in _JOINERS) for letter in text
    )
    text = re.sub(r"\n[^\S\n]*\n\s*", "\u2029", text)
    return _single_spaced(text)


def one_newline(text: str) -> str:
    r"""Ends of lines and paragraphs as `\n` and `\n\n`."""
    text = re.sub(r"\r\n?|[\u0085\u2028\v\f]", "\n", text)
    return text.replace("\u2029", "\n\n")


def keeps_no_apostrophe(_text: str, _at: int) -> bool:
    """Take an apostrophe at the edge of a word for a quote: the rule of a language without its own."""
    return False


def finish(text: str, keeps_apostrophe: Callable[[str, int], bool] = keeps_no_apostrophe) -> str:
    """Reduce punctuation to what marks a pause, and set paragraphs apart by a blank line.

    Args:
        text: Text after the rules of its language.
        keeps_apostrophe: Says of a text and a position whether the apostrophe there, at the edge of a
            word, belongs to the word. Otherwise it is a quote, and dropped.
    """
    text = _marks(text, keeps_apostrophe)
    paragraphs = [" ".join(part.split()) for part in text.split("\u2029")]
    return "\n\n".join(part for part in paragraphs if part)


def _is_kept(letter: str) -> bool:
    if letter in "\n\u2029^":
        return True
    if letter in _JOINERS:
        return False
    category = unicodedata.category(letter)
    return category not in {"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"}


def _single_spaced(text: str) -> str:
    """One space for many. Patterns that look past spaces would scan long runs again and again."""
    return re.sub(r"[^\S\u2029]+", " ", text)


def _marks(text: str, keeps_apostrophe: Callable[[str, int], bool]) -> str:
    text = re.sub(r"\.{2,}|…", "…", text)
    text = re.sub(r"…(?=\s*[a-z])", ", ", text)
    text = text.replace("…", ". ")
    text = re.sub(r"\s*(?:—|–|(?<=\s)-{1,3}(?=\s)|--+)\s*", ", ", text)
    text = re.sub(r"\s*[()\[\]{}]+\s*", ", ", text)
    text = re.sub(r"[\"*_~|^<>\\\\]", " ", text)
    text = re.sub(
        r"(?<!\w)'|'(?!\w)",
        lambda match: "'" if keeps_apostrophe(match.string, match.start()) else " ",
        text,
    )
    text = _single_spaced(text)
    text = re.sub(r"\s+(?=[,.?!;:](?:\s|$))", "", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    text = re.sub(r",\s*(?=[.?!;:](?:\s|$|\u2029))", "", text)
    text = re.sub(r"(?<=[.?!;:])\s*,(?=\s|$)", "", text)
    return re.sub(r"(^|\u2029)[\s,;:]+", r"\1", text)
