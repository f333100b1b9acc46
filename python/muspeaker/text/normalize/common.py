"""Text clean-up that every language needs: one form of each sign, before and after a language's rules."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from muspeaker.text.traced import TracedText

_SIGNS = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‹": '"', "›": '"', "‐": "-", "‑": "-", "−": "-", "―": "—", "‒": "–",
    "²": " 2 ", "³": " 3 ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 ", "⅓": " 1/3 ", "⅔": " 2/3 ",
}  # fmt: skip
MAX_GROWTH = 2  # of the length of a text when its compatibility signs are written out
FREE_GROWTH = 100  # characters that a short text may grow by besides
_JOINERS = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f")


_NEWLINE = re.compile(r"\r\n?|[\u0085\u2028\v\f]")
_PARAGRAPH_SIGN = re.compile("\u2029")
_COMPOSED = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")  # an accent may belong to the letter before it
_UNUSUAL = re.compile(r"[^\n -~]+")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_SPACES = re.compile(r"[^\S\u2029]{2,}|[^\S\u2029 ]")
_LOWER_NEXT = re.compile(r"…(?=\s*[a-z])")
_MARKS = (
    (re.compile(r"\.{2,}"), "…"),
    (_LOWER_NEXT, ", "),
    (re.compile("…"), ". "),
    (re.compile(r"\s*(?:—|–|(?<=\s)-{1,3}(?=\s)|--+)\s*"), ", "),
    (re.compile(r"\s*[()\[\]{}]+\s*|(?<=\w) \| (?=\w)"), ", "),
    (re.compile(r"[\"*_~|^<>\\]"), " "),
)
_EDGE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")
_DOUBLED_MARKS = (
    (re.compile(r"\s+(?=[,.?!;:](?:\s|$))"), ""),
    (re.compile(r",(?:\s*,)+"), ","),
    (re.compile(r",\s*(?=[.?!;:](?:\s|$|\u2029))"), ""),
    (re.compile(r"(?<=[.?!;:])\s*,(?=\s|$)"), ""),
)
_LEADING_MARKS = re.compile(r"(?:^|(?<=\u2029))[\s,;:]+")
_PARAGRAPH_GAP = re.compile(r"\s*\u2029\s*")
_EDGES = re.compile(r"^\s+|\s+$")


def clean(text: TracedText) -> None:
    """Bring a text to NFKC, and quotes, dashes and spaces to one form each.

    Control characters and pictures are dropped. Paragraphs end up apart by U+2029.

    Raises:
        ValueError: If signs that stand for several letters, such as U+FDFA for 18, make the text many times
            as long: what was typed is limited elsewhere, and this is what is to be spoken.
    """
    replace_signs(text, _SIGNS)
    most = MAX_GROWTH * len(text.text) + FREE_GROWTH
    if not unicodedata.is_normalized("NFKC", text.text):
        text.sub(_COMPOSED, lambda match: unicodedata.normalize("NFKC", match[0]))
    if len(text.text) > most:
        raise ValueError(
            f"signs that stand for several letters make the text {len(text.text)} characters long: "
            f"expected at most {most}"
        )
    one_newline(text)
    text.sub(_UNUSUAL, _without_pictures)
    text.sub(_PARAGRAPH_END, "\u2029")
    text.sub(_SPACES, " ")


def replace_signs(text: TracedText, table: Mapping[str, str]) -> None:
    """Put what a table says in place of its signs, each of one character."""
    pattern = _any_of("".join(table))
    if pattern.search(text.text):
        text.sub(pattern, lambda match: table[match[0]])


@lru_cache(maxsize=8)
def _any_of(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(signs)}]")


def one_newline(text: TracedText) -> None:
    r"""Write ends of lines and paragraphs as `\n` and `\n\n`."""
    text.sub(_NEWLINE, "\n")
    text.sub(_PARAGRAPH_SIGN, "\n\n")


def keeps_no_apostrophe(_text: str, _at: int) -> bool:
    """Take an apostrophe at the edge of a word for a quote: the rule of a language without its own."""
    return False


def finish(
    text: TracedText, keeps_apostrophe: Callable[[str, int], bool] = keeps_no_apostrophe
) -> None:
    """Reduce punctuation to what marks a pause, and set paragraphs apart by a blank line.

    Args:
        text: Text after the rules of its language.
        keeps_apostrophe: Says of a text and a position whether the apostrophe there, at the edge of a
            word, belongs to the word. Otherwise it is a quote, and dropped.
    """
    for pattern, mark in _MARKS:
        text.sub(pattern, mark)
    text.sub(
        _EDGE_APOSTROPHE,
        lambda match: "'" if keeps_apostrophe(match.string, match.start()) else " ",
    )
    text.sub(_SPACES, " ")
    for pattern, mark in _DOUBLED_MARKS:
        text.sub(pattern, mark)
    text.sub(_LEADING_MARKS, "")
    text.sub(_PARAGRAPH_GAP, "\n\n")
    text.sub(_EDGES, "")


def _without_pictures(match: re.Match[str]) -> str:
    return "".join(
        letter if _is_kept(letter) else " " * (letter not in _JOINERS) for letter in match[0]
    )


def _is_kept(letter: str) -> bool:
    if letter in "\n\u2029":
        return True
    if letter in _JOINERS:
        return False
    category = unicodedata.category(letter)
    return category not in {"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"}
