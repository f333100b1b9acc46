"""The last vowel of a word that was read by its letters, where the model has lost it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from muspeaker.text.english.place_names import place_in_britain

if TYPE_CHECKING:
    from muspeaker.text.lexicon import Accent

_VOWEL_AT_END = re.compile("[AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻː]$")
_LONE_L = re.compile("(?<=[bdfhkmnpstvzðɡŋʃʒʤʧθ])l$")
_LONE_R = re.compile("(?<=[bdfhklmnpstvzðɡŋʃʒʤʧθ])ɹ$")
_OF_L = {"ell": "ɛl", "ill": "ɪl"}  # Aspell, Neill; else as in Willenhall


def with_last_vowel(word: str, phones: str, accent: Accent) -> str:
    """Phones that letters gave, with a vowel where no English word is without one: gumtree, Aspell, seafloor.

    Args:
        word: In small letters.
        phones: What the letters gave.
        accent: `us` or `gb`.
    """
    if word.endswith("ee") and not _VOWEL_AT_END.search(phones):
        return f"{phones}{'iː' if accent == 'gb' else 'i'}"
    phones = _LONE_L.sub(_OF_L.get(word[-3:], "ᵊl"), phones)
    phones = _LONE_R.sub("əɹ" if accent == "us" else "ə", phones)
    return place_in_britain(word, phones) if accent == "gb" else phones
