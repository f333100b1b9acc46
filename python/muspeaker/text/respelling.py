"""Words that a user has spelled or pronounced: a lexicon, and phones inside a text."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.text.encodings import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from muspeaker.text.traced import TracedText

MAX_LEXICON_BYTES = 16_000_000
MAX_WORD_CHARACTERS = 200
_RUN = re.compile(r"\w+|[^\w\s]")
_STRESS_OR_IPA = re.compile(r"[ˈˌːəɛɪɔʊʌæɑɒɐɜʃʒθðŋɹɡʧʤᵊᵻɾʔ]")
_LINKED = re.compile(r"\[([^\[\]\n]{1,200})\]\(/([^()/\n]{1,400})/\)")
_BRACKETED = re.compile(r"\[\[\s*([^\[\]\n]{1,400}?)\s*\]\]")
_STAND_IN = "phoneme"  # a word that no rule reads otherwise, in the place of phones that have none
_KEPT_LETTERS = (
    4  # shorter words may be units or the like, which the rules would read with a number
)


@dataclass(frozen=True)
class Pronounced:
    """Phones that are given for a place in a text.

    Attributes:
        start: First character in the original text.
        end: Character after the last.
        phones: Words apart by spaces.
        word: What is said there, as it is shown.
    """

    start: int
    end: int
    phones: str
    word: str


PhonesAt = Callable[[int, int], Pronounced | None]


class GivenPhones:
    """The places of a text that a user gave phones for."""

    def __init__(self, found: Sequence[Pronounced]) -> None:
        self._found = sorted(found, key=lambda item: item.start)
        self._starts = [item.start for item in self._found]

    def __bool__(self) -> bool:
        return bool(self._found)

    def at(self, start: int, end: int, written: str) -> Pronounced | None:
        """The phones for a word at a place in the original text; a possessive has those of its stem."""
        index = bisect_right(self._starts, start) - 1
        if index < 0 or start >= self._found[index].end:
            return None
        item = self._found[index]
        is_possessive = item.start == start and written.lower().endswith("'s")
        return item if end <= item.end or is_possessive else None


class UserLexicon:
    """Words with another spelling or with phones.

    Args:
        entries: Words, each with its phones or its respelling. Phones stand between slashes, or have a stress mark
            or a letter of the IPA. A word in small letters stands for all its spellings, any other for itself.

    Raises:
        TypeError: If a word or its reading is no string.
        ValueError: If one is empty or too long.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._exact: dict[str, str] = {}
        self._small: dict[str, str] = {}
        for word, reading in entries.items():
            _check_entry(word, reading)
            name = " ".join(word.split())
            (self._small if name == name.lower() else self._exact)[name] = reading.strip()
        self._by_start: dict[str, list[str]] = {}
        for name in sorted([*self._exact, *self._small], key=len, reverse=True):
            first = _RUN.findall(name)[0]
            self._by_start.setdefault(first.lower(), []).append(name)

    def __len__(self) -> int:
        return len(self._exact) + len(self._small)

    @property
    def fingerprint(self) -> str:
        """Tells lexicons of other entries apart."""
        import hashlib  # noqa: PLC0415 (few callers have a lexicon)
        import json  # noqa: PLC0415 (likewise)

        entries = json.dumps([self._exact, self._small], sort_keys=True)
        return hashlib.sha256(entries.encode()).hexdigest()

    def reading(self, written: str) -> str | None:
        """The reading of a word as it is written, or None."""
        name = " ".join(written.split())
        return self._exact.get(name) or self._small.get(name.lower())

    def apply(self, text: TracedText) -> list[Pronounced]:
        """Put respellings into a text; returns the places of words with phones."""
        if not self._by_start:
            return []
        edits: list[tuple[int, int, str]] = []
        found: list[Pronounced] = []
        for start, end, reading in self._places(text.text):
            if not are_phones(reading):
                edits.append((start, end, reading))
                continue
            written = text.text[start:end]
            found.append(Pronounced(*text.place(start, end), reading.strip("/ "), written))
            stand_in = _stand_in(written)
            if stand_in != written:
                edits.append((start, end, stand_in))
        text.edit(edits, whole=True)
        return found

    def _places(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and reading of every word of the lexicon in a text."""
        done = 0
        for run in _RUN.finditer(text):
            start = run.start()
            if start < done:
                continue
            for name in self._by_start.get(run[0].lower(), ()):
                end = start + len(name)
                written = text[start:end]
                reading = self.reading(written)
                is_whole = not (name[-1].isalnum() and text[end : end + 1].isalnum())
                if reading is not None and is_whole and written.lower() == name.lower():
                    yield start, end, reading
                    done = end
                    break


LexiconLike = Mapping[str, str] | str | os.PathLike[str] | UserLexicon


def are_phones(reading: str) -> bool:
    """Whether the reading of a word is phones, not a respelling."""
    in_slashes = len(reading) > 2 and reading[0] == reading[-1] == "/"
    return in_slashes or _STRESS_OR_IPA.search(reading) is not None


def _stand_in(written: str) -> str:
    if written.isalpha() and len(written) >= _KEPT_LETTERS:
        return written
    return _STAND_IN.capitalize() if written[:1].isupper() else _STAND_IN


def read_marked_phones(text: TracedText) -> list[Pronounced]:
    """Take `[Worcester](/wˈʊstəɹ/)` and `[[wˈʊstəɹ]]` out of a text; returns the places of their words."""
    found: list[Pronounced] = []
    if "](/" in text.text:
        matches = list(_LINKED.finditer(text.text))
        for match in matches:
            place = text.place(match.start(1), match.end(1))
            found.append(Pronounced(*place, match[2], match[1]))
        text.edit(
            [
                edit
                for match in matches
                for edit in (
                    (match.start(), match.start(1), ""),
                    (match.start(1), match.end(1), _stand_in(match[1])),
                    (match.end(1), match.end(), ""),
                )
            ],
            whole=True,
        )
    if "[[" in text.text:
        matches = list(_BRACKETED.finditer(text.text))
        for match in matches:
            place = text.place(match.start(1), match.end(1))
            found.append(Pronounced(*place, match[1], match[1]))
        text.edit(
            [
                edit
                for match in matches
                for edit in (
                    (match.start(), match.start(1), ""),
                    (match.start(1), match.end(1), _STAND_IN),
                    (match.end(1), match.end(), ""),
                )
            ],
            whole=True,
        )
    return found


def _check_entry(word: object, reading: object) -> None:
    if not isinstance(word, str) or not isinstance(reading, str):
        raise TypeError(
            f"lexicon must have strings, got {type(word).__name__} and {type(reading).__name__}"
        )
    if not word.strip() or not reading.strip():
        raise ValueError(f"lexicon has an empty word or reading: {word!r}, {reading!r}")
    if max(len(word), len(reading)) > MAX_WORD_CHARACTERS:
        raise ValueError(
            f"lexicon entry {word[:40]!r} is too long: expected at most {MAX_WORD_CHARACTERS} characters"
        )


def read_lexicon(given: LexiconLike | None) -> UserLexicon | None:
    """A lexicon from what a user gave.

    Args:
        given: A dict of words and readings; the path of a TSV file with a word and its reading a line, where
            lines that begin with `#` are remarks; or a lexicon, as it is.

    Raises:
        FileNotFoundError: If the file does not exist.
        TypeError: If it is of another type.
        ValueError: If an entry or a line cannot be read.
    """
    if given is None or isinstance(given, UserLexicon):
        return given
    if isinstance(given, Mapping):
        return UserLexicon(given)
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"lexicon must be a dict or a path, got {type(given).__name__}")
    path = Path(given)
    if not path.exists():
        raise FileNotFoundError(f"lexicon {str(path)!r} does not exist")
    with path.open("rb") as file:
        data = file.read(MAX_LEXICON_BYTES + 1)
    if len(data) > MAX_LEXICON_BYTES:
        raise ValueError(
            f"lexicon {str(path)!r} is too large: expected at most {MAX_LEXICON_BYTES} bytes"
        )
    entries: dict[str, str] = {}
    for number, line in enumerate(decoded(data, f"lexicon {str(path)!r}").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, tab, reading = line.partition("\t")
        if not tab:
            raise ValueError(
                f"lexicon {str(path)!r}, line {number}: expected a word, a tab and its reading"
            )
        entries[word] = reading.partition("\t")[0]
    return UserLexicon(entries)
