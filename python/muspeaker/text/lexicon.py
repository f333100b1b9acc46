"""The pronunciation lexicon of one accent."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from muspeaker.text.lexicon_file import DEFAULT, Accent, Entry, LexiconFile

__all__ = ["DEFAULT", "Accent", "Entry", "Lexicon", "LexiconFile", "reading", "shipped_lexicon"]
DATA = Path(__file__).parent / "data"
FILE = "lexicon.bin"
CACHED_WORDS = 2048
_NAME_IN_TWO = re.compile("(?:Mc|Mac|Fitz|De|Di|Du|La|Le|Van|O'|D')[A-Z]['a-z]+")


class Lexicon:
    """Words and their readings, in misaki's phones.

    A word is also found where only its capital differs: `Reading` by `reading`, `paris` by `Paris`; and a name with two
    of them by small letters: `McKenzie` by `mckenzie`.

    Args:
        accent: `us` or `gb`.
        folder: Folder of the compiled file; the package's own by default.

    Raises:
        FileNotFoundError: If the compiled lexicon is missing.
    """

    def __init__(self, accent: Accent, folder: Path = DATA) -> None:
        path = folder / FILE
        if not path.exists():
            raise FileNotFoundError(
                f"{path} is missing: it is made when the package is built (cmake/Lexicon.cmake)"
            )
        self._file = LexiconFile(path, accent)
        self._find = lru_cache(maxsize=CACHED_WORDS)(self._find_uncached)

    def find(self, word: str) -> Entry | None:
        """The entry of a word, or None. Checked entries go before others, the same capitals before other ones."""
        return self._find(word)

    def gold(self, word: str) -> Entry | None:
        """The entry of a word if it is a checked one."""
        entry = self.find(word)
        return entry if entry is not None and entry.is_gold else None

    def _find_uncached(self, word: str) -> Entry | None:
        exact = self._file.find(word)
        if exact is not None and exact.is_gold:
            return exact
        other = self._file.find(_other_case(word))
        if other is not None and (exact is None or other.is_gold):
            return other
        return exact


def _other_case(word: str) -> str:
    """The word with its first letter in the other case; nothing if other letters are capitals too, but in a name."""
    if len(word) < 2 or word[1:] != word[1:].lower():
        return word.lower() if _NAME_IN_TWO.fullmatch(word) else ""
    other = word.lower() if word[0].isupper() else word.capitalize()
    return other if other != word else ""


def reading(entry: Entry, tags: tuple[str, ...]) -> str | None:
    """The reading for the first of some parts of speech that the entry tells apart, else the default."""
    return next((entry.readings[t] for t in tags if t in entry.readings), entry.readings[DEFAULT])


@lru_cache(maxsize=2)
def shipped_lexicon(accent: Accent) -> Lexicon:
    """The package's own lexicon of an accent, opened once."""
    return Lexicon(accent)
