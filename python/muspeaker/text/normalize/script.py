"""Letters of scripts that a language's readers cannot read."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

MAX_NAMED = 8  # letters that an error names
FIRST_FOREIGN = "\u0370"  # below it are Latin letters and marks
_GREEK_WORD = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{3,}")


def unreadable_letters(text: str) -> list[str]:
    """The distinct letters of other scripts than Latin, in order.

    Greek letters are signs with names, as in `5 Ω` or `α`, unless they make up a word.

    Args:
        text: Text in Unicode's form NFKC.
    """
    if text.isascii() or max(text) < FIRST_FOREIGN:
        return []
    greek = {letter for word in _GREEK_WORD.findall(text) for letter in word}
    return [
        letter
        for letter in dict.fromkeys(text)
        if letter >= FIRST_FOREIGN and (letter in greek or _is_foreign(letter))
    ]


def refuse_unreadable(text: str) -> None:
    """Raise if a text has letters that English readers cannot read.

    Raises:
        ValueError: If there are any; it names the first of them.
    """
    letters = unreadable_letters(text)
    if letters:
        raise ValueError(f"cannot read {named_letters(letters)} in English: expected Latin letters")


def named_letters(letters: list[str]) -> str:
    """Letters with their code points, as a message names them."""
    named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in letters[:MAX_NAMED])
    return f"{named} and {len(letters) - MAX_NAMED} more" if len(letters) > MAX_NAMED else named


def drop_unreadable(text: TracedText) -> None:
    """Put a space in the place of letters of other scripts."""
    letters = unreadable_letters(text.text)
    if letters:
        text.sub(re.compile(f"[{re.escape(''.join(letters))}]+"), " ")


def _is_foreign(letter: str) -> bool:
    category = unicodedata.category(letter)
    if category[0] != "L" or category == "Lm":
        return False
    return not unicodedata.name(letter, "").startswith(
        ("LATIN ", "GREEK ", "FEMININE", "MASCULINE")
    )
