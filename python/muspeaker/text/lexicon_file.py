"""The pronunciation lexicon of both accents as one read-only file: compressed blocks of words, found by bisection.

Only the standard library is imported, so that the build can run this file without the package's dependencies.
All numbers are little-endian uint32:

    magic (8 bytes), number of blocks, bytes of the alphabet, bytes of the keys
    alphabet, UTF-8: character k stands for byte 128 + k in the blocks
    keys: the first key of each block, one a line
    blocks: blocks + 1 offsets into the data, then the data: raw deflate of three columns

A block is small, for a text that was not read before needs a block of its own for nearly each of its words.

Each column has a line for each word of the block, and ends with a form feed: the words; their American readings; and how
the British ones differ from what `british` makes of the American. A reading is phones, or `TAG=phones` joined by `;`
where the part of speech decides; `~` before it marks the lexicon's second choice (misaki calls it silver), and `-` alone
a word that the accent lacks. A difference is empty where there is none. Else it begins with two letters, which say how
many characters are the same at the beginning and at the end (`A` is none), and goes on with what stands between; where
there is no American reading, it is the British one itself. The words are sorted in lower case, then as they are, so that
the spellings of one word stand together.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Accent = Literal["us", "gb"]
MAGIC = b"MSLEX003"
DEFAULT = "DEFAULT"
ENTRIES_PER_BLOCK = 128
CACHED_BLOCKS = 256

_HEADER = struct.Struct("<8sIII")
_FIRST_CODE = 128
_SILVER = "~"
_ABSENT = "-"
_COLUMN_END = "\f"
_NONE_SAME = ord("A")
_MOST_SAME = 60

_Block = tuple[str, str, str]  # the words between line breaks, the American column, the British one

_BEFORE_NO_VOWEL = "(?![ˈˌ]?[aeiouɑɐɒæɔəɛɜɪʊʌᵊᵻAIOQWYː])"
# How British readings mostly differ, in misaki's phones, one after the other, and a phone that each needs.
_BRITISH = tuple(
    (needed, re.compile(american), spoken)
    for needed, american, spoken in (
        ("T", "T", "t"),
        ("æ", "æ", "a"),
        ("O", "O", "Q"),
        ("ɹ", f"([ɑɜɛɔ])ɹ{_BEFORE_NO_VOWEL}", r"\1ː"),
        ("ɹ", f"([ɪʊ])ɹ{_BEFORE_NO_VOWEL}", r"\1ə"),
        ("ɹ", f"ɹ{_BEFORE_NO_VOWEL}", ""),
        ("ɑ", "ɑ(?!ː)", "ɒ"),
        ("ᵻ", "ᵻ", "ɪ"),
        ("u", "u(?!ː)", "uː"),
        ("i", "i(?=[əa])", "ɪ"),
        ("i", "i(?!$|z$)", "iː"),
        ("ɜ", "ɜɹ", "ɜːɹ"),
        ("i", "(ˈ[^ˈˌaeiouɑɐɒæɔəɛɜɪʊʌᵊᵻAIOQWY]*i)(?=z?$)", r"\1ː"),
        ("ɔ", "ɔ(?=[fsθ])", "ɒ"),
        ("ɔ", "ɔ(?!ː)", "ɔː"),
        ("ə", "([ʃʒ])ən", r"\1ᵊn"),
        ("ˌ", "^([^~].*ˈ.*)ˌ", r"\1"),
    )
)


@dataclass(frozen=True)
class Entry:
    """What the lexicon says about one spelling.

    Attributes:
        readings: Phones by part of speech; `DEFAULT` is always there. None: spelled letter by letter.
        is_gold: Whether the entry was checked by hand.
    """

    readings: Mapping[str, str | None]
    is_gold: bool = True


def british(american: str) -> str:
    """A guess of the British reading; a reading with parts of speech is left as it is."""
    if "=" not in american:
        for needed, pattern, spoken in _BRITISH:
            if needed in american:
                american = pattern.sub(spoken, american)
    return american


def pack_lexicon(american: Mapping[str, Entry], in_british: Mapping[str, Entry]) -> bytes:
    """The file of a lexicon.

    Args:
        american: Words and what they are in the US.
        in_british: The same in Britain.

    Raises:
        ValueError: If a word or a reading has a character that the format keeps for itself.
    """
    words = sorted(american.keys() | in_british.keys(), key=_key)
    entries = (*american.values(), *in_british.values())
    phones = {p for e in entries for reading in e.readings.values() for p in reading or ""}
    alphabet = "".join(sorted(phones))
    if len(alphabet) > 256 - _FIRST_CODE:
        raise ValueError(f"{len(alphabet)} different phones: expected at most {256 - _FIRST_CODE}")
    codes = str.maketrans({p: chr(_FIRST_CODE + k) for k, p in enumerate(alphabet)})
    keys, blocks = [], []
    for at in range(0, len(words), ENTRIES_PER_BLOCK):
        chosen = words[at : at + ENTRIES_PER_BLOCK]
        keys.append(chosen[0].lower().encode())
        in_us = [_written(american.get(word)) for word in chosen]
        in_gb = [_written(in_british.get(word)) for word in chosen]
        changes = [_difference(us, gb, codes) for us, gb in zip(in_us, in_gb, strict=True)]
        columns = (map(_checked_word, chosen), [_coded(us, codes) for us in in_us], changes)
        text = "".join("\n".join(column) + _COLUMN_END for column in columns)
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
        blocks.append(deflate.compress(text.encode("latin-1")) + deflate.flush())
    coded = alphabet.encode()
    lines = b"\n".join(keys)
    header = _HEADER.pack(MAGIC, len(blocks), len(coded), len(lines))
    return header + coded + lines + _table(blocks)


def _key(word: str) -> tuple[str, str]:
    return word.lower(), word


def _checked_word(word: str) -> str:
    if not word.isascii() or not word.isprintable():
        raise ValueError(f"{word!r} is no word of a lexicon: expected ASCII letters and marks")
    return word


def _written(entry: Entry | None) -> str:
    """A reading as text, in phones."""
    if entry is None:
        return _ABSENT
    readings = {tag: reading or "" for tag, reading in entry.readings.items()}
    if list(readings) == [DEFAULT]:
        text = readings[DEFAULT]
    else:
        text = ";".join(f"{tag}={reading}" for tag, reading in readings.items())
    return f"{'' if entry.is_gold else _SILVER}{text}"


def _coded(text: str, codes: dict[int, str]) -> str:
    """A reading with the codes of its phones; tags keep their letters."""
    pieces = re.split("([^;=]*=)", text)
    return "".join(piece if piece.endswith("=") else piece.translate(codes) for piece in pieces)


def _difference(american: str, spoken: str, codes: dict[int, str]) -> str:
    """What is written for a British reading."""
    if _ABSENT in {american, spoken}:
        return _coded(spoken, codes)
    guess = british(american)
    if guess == spoken:
        return ""
    most = min(len(guess), len(spoken), _MOST_SAME)
    before = next((n for n in range(most) if guess[n] != spoken[n]), most)
    most = min(most, min(len(guess), len(spoken)) - before)
    after = next((n for n in range(most) if guess[-1 - n] != spoken[-1 - n]), most)
    between = spoken[before : len(spoken) - after]
    if "=" in spoken:  # tags keep their letters: the whole is written
        before, after, between = 0, 0, spoken
    return chr(_NONE_SAME + before) + chr(_NONE_SAME + after) + _coded(between, codes)


def _table(pieces: list[bytes]) -> bytes:
    offsets = [0]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(pieces)


class LexiconFile:
    """One accent of a lexicon file, mapped into memory. Safe to read from several threads.

    Args:
        path: The file.
        accent: `us` or `gb`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no lexicon file or is cut short.
    """

    def __init__(self, path: Path, accent: Accent) -> None:
        self._is_british = accent == "gb"
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._bytes) < _HEADER.size or self._bytes[: len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} is no lexicon file")
        _, self._num_blocks, alphabet_bytes, key_bytes = _HEADER.unpack_from(self._bytes)
        keys = _HEADER.size + alphabet_bytes
        self._table = keys + key_bytes
        self._data = self._table + 4 * (self._num_blocks + 1)
        self._first_keys = self._bytes[keys : self._table].split(b"\n")
        is_whole = len(self._first_keys) == self._num_blocks and self._data <= len(self._bytes)
        if not is_whole or self._piece(self._num_blocks - 1)[1] != len(self._bytes):
            raise ValueError(f"{path} is cut short or damaged")
        alphabet = self._bytes[_HEADER.size : keys].decode()
        self._phones = {_FIRST_CODE + k: phone for k, phone in enumerate(alphabet)}
        self._cache: OrderedDict[int, _Block] = OrderedDict()

    def _piece(self, block: int) -> tuple[int, int]:
        """Start and end of one block."""
        start, end = struct.unpack_from("<2I", self._bytes, self._table + 4 * block)
        return self._data + start, self._data + end

    def _block(self, index: int) -> _Block:
        """The columns of one block."""
        block = self._cache.pop(index, None)
        if block is None:
            start, end = self._piece(index)
            raw = zlib.decompress(self._bytes[start:end], -zlib.MAX_WBITS)
            words, american, changes, _ = raw.decode("latin-1").split(_COLUMN_END)
            block = (f"\n{words}\n", american, changes)
        self._cache[index] = block
        if len(self._cache) > CACHED_BLOCKS:
            self._cache.popitem(last=False)
        return block

    def find(self, word: str) -> Entry | None:
        """The entry of exactly this spelling, or None."""
        if not word.isascii() or not word:
            return None
        # The spellings of a word may begin in the block before the one whose first key is theirs.
        key = word.lower().encode()
        first = bisect_left(self._first_keys, key)
        last = first  # one past those that begin with the word; hardly ever more than one does
        while last < self._num_blocks and self._first_keys[last] == key:
            last += 1
        line = f"\n{word}\n"
        for index in range(max(0, first - 1), last):
            words, american, changes = self._block(index)
            at = words.find(line)
            if at >= 0:
                number = words.count("\n", 0, at)
                change = _line(changes, number) if self._is_british else ""
                return self._entry(_line(american, number), change)
        return None

    def _entry(self, american: str, change: str) -> Entry | None:
        """The entry of one word, from what is written of it."""
        reading = american.translate(self._phones)
        if self._is_british:
            reading = self._spoken(reading, change)
        return None if reading == _ABSENT else _read_entry(reading)

    def _spoken(self, american: str, change: str) -> str:
        """The British reading, from the American one and what is written of it."""
        if _ABSENT in {american, change}:
            return change.translate(self._phones)
        guess = british(american)
        if not change:
            return guess
        before, after = ord(change[0]) - _NONE_SAME, ord(change[1]) - _NONE_SAME
        between = change[2:].translate(self._phones)
        return guess[:before] + between + guess[len(guess) - after :]

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """All words of the accent in order, with their entries."""
        for index in range(self._num_blocks):
            words, american, changes = self._block(index)
            columns = (words[1:-1].split("\n"), american.split("\n"), changes.split("\n"))
            for word, in_us, change in zip(*columns, strict=True):
                entry = self._entry(in_us, change)
                if entry is not None:
                    yield word, entry


def _line(column: str, number: int) -> str:
    """One line of a column; those after it are not cut."""
    return column.split("\n", number + 1)[number]


def _read_entry(text: str) -> Entry:
    is_gold = not text.startswith(_SILVER)
    phones = text.removeprefix(_SILVER)
    if "=" not in phones:
        return Entry({DEFAULT: phones or None}, is_gold)
    pairs = (reading.split("=") for reading in phones.split(";"))
    return Entry({tag: reading or None for tag, reading in pairs}, is_gold)
