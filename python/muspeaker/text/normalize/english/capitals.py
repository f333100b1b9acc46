"""Sentences in capitals, which are lowered so that their words are read and not spelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from muspeaker.text.normalize.english.dates import MONTHS
from muspeaker.text.normalize.english.number_words import roman_value
from muspeaker.text.normalize.english.tables import members, table

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

_FUNCTION_WORDS = frozenset(
    ("THE", "IS", "ARE", "WAS", "IT", "HE", "SHE", "WE", "YOU", "MY", "NO", "OF", "TO", "IN", "AND")
)  # fmt: skip
_SENTENCE_GAP = re.compile(r"((?<=[.?!])\s+|\u2029)")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LOWERED = re.compile(r"(?<![\w./@#&\\])[^\W\d_]+(?:'[^\W\d_]+)*(?![\w/@\\&]|\.\w)")
_TITLE_CASED = frozenset(("mr", "mrs", "ms", "dr", "st", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
    "oct", "nov", "dec"))  # fmt: skip
_MONTHS = frozenset(month.lower() for month in MONTHS)
_NUMBER_NEXT_TO = re.compile(r"\d(?:ST|ND|RD|TH)?(?: OF)? [A-Z]+|[A-Z]+ \d")
_ALWAYS_SPELLED = frozenset(
    ("FAQ", "IMF", "EU", "UN", "UK", "USA", "CEO", "IRS", "ATM", "API", "URL", "USB", "FBI", "CIA", "TV", "DNA", "BBC")
)  # fmt: skip
_ALSO_NUMERALS = frozenset(("MIX", "DIM", "MILD", "CIVIC"))


def lower_capitals(text: TracedText) -> None:
    """Lower every sentence written in capitals, as long as it is more than initials.

    Initials with stops, addresses, letters with digits and well-known letters stay.
    """
    if not any(letter.isupper() for letter in text.text):
        return
    edits = []
    position = 0
    for piece in _SENTENCE_GAP.split(text.text):
        if _is_shouted(piece):
            words = _LOWERED.finditer(piece)
            edits += [(position + w.start(), position + w.end(), _lowered(w)) for w in words]
        position += len(piece)
    text.edit(edits)


def _lowered(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) == 1 and word != "A":
        return word
    if word in _ALWAYS_SPELLED or word in members("acronyms", "said"):
        return word
    if len(word) > 1 and word not in _ALSO_NUMERALS and roman_value(word):
        return word
    low = word.lower()
    around = match.string[max(0, match.start() - 8) : match.end() + 4]
    is_month = low in _MONTHS and _NUMBER_NEXT_TO.search(around) is not None
    return low.capitalize() if is_month or low in _TITLE_CASED else low


def _is_shouted(sentence: str) -> bool:
    words = [word for word in _WORD.findall(sentence) if not _is_acronym(word)]
    letters = "".join(words)
    capitals = sum(letter.isupper() for letter in letters)
    if len(words) < 2 or capitals < 0.8 * max(1, len(letters)):
        return False
    return any(len(word) > 4 or word in _FUNCTION_WORDS for word in words)


def _is_acronym(word: str) -> bool:
    return word in members("acronyms", "said") or word in table("currencies")
