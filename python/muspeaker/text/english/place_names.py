"""Ends of English places and of the families from there, as they are said in Britain."""

from __future__ import annotations

import re

# Letters, what they were taken for, and what is said: Buckingham, Sainsbury, Marlborough.
_ENDS = (
    ("ham", re.compile("hˌ?(?:æ|a|ə|ᵊ)m$"), "əm"),
    ("bury", re.compile("bˌ?(?:ɛː?|ɜː?)ɹi$"), "bəɹi"),
    ("borough", re.compile("bˌ?(?:ɜː?|ə|ʌ)?ɹˌ?(?:O|Q|ə)$"), "bəɹə"),
)


def place_in_britain(word: str, phones: str) -> str:
    """British phones of a name, its end put right if it is that of a place.

    Args:
        word: The name in small letters.
        phones: What is known of them, or guessed.
    """
    for letters, taken_for, spoken in _ENDS:
        if word.endswith(letters):
            return taken_for.sub(spoken, phones)
    return phones
