"""The pronunciation lexicon as one read-only file: sorted entries in compressed blocks, found by bisection.

Only the standard library is imported, so that the build can run this file without the package's dependencies.
All numbers are little-endian uint32:

    magic (8 bytes), number of blocks, bytes of the alphabet
    alphabet, UTF-8: character k stands for byte 128 + k in the blocks
    first keys: blocks + 1 offsets into the keys, then the keys: the first key of each block
    blocks: blocks + 1 offsets into the data, then the data: raw deflate, one line an entry

A line is `word<TAB>readings`. Readings are phones, or `TAG=phones` joined by `;` where the part of speech decides;
`~` before them marks the lexicon's second choice (misaki calls it silver). The lines are sorted by the word in
lower case, then by the word, so that the spellings of one word stand together.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAGIC = b"MSLEX001"
DEFAULT = "DEFAULT"
ENTRIES_PER_BLOCK = 128
CACHED_BLOCKS = 64

_HEADER = struct.Struct("<8sII")
_FIRST_CODE = 128
_SILVER = "~"


@dataclass(frozen=True)
class Entry:
    """What the lexicon says about one spelling.

    Attributes:
        readings: Phones by part of speech; `DEFAULT` is always there. None: spelled letter by letter.
        is_gold: Whether the entry was checked by hand.
    """

    readings: Mapping[str, str | None]
    is_gold: bool = True


def pack_lexicon(entries: Mapping[str, Entry]) -> bytes:
    """The file of a lexicon.

    Raises:
        ValueError: If a word or a reading has a character that the format keeps for itself.
    """
    words = sorted(entries, key=_key)
    phones = {p for e in entries.values() for reading in e.readings.values() for p in reading or ""}
    alphabet = "".join(sorted(phones))
    if len(alphabet) > 256 - _FIRST_CODE:
        raise ValueError(f"{len(alphabet)} different phones: expected at most {256 - _FIRST_CODE}")
    codes = str.maketrans({p: chr(_FIRST_CODE + k) for k, p in enumerate(alphabet)})
    keys, blocks = [], []
    for at in range(0, len(words), ENTRIES_PER_BLOCK):
        chosen = words[at : at + ENTRIES_PER_BLOCK]
        lines = [_line(word, entries[word], codes) for word in chosen]
        keys.append(chosen[0].lower().encode())
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        blocks.append(deflate.compress("".join(lines).encode("latin-1")) + deflate.flush())
    coded = alphabet.encode()
    return _HEADER.pack(MAGIC, len(blocks), len(coded)) + coded + _table(keys) + _table(blocks)


def _key(word: str) -> tuple[str, str]:
    return word.lower(), word


def _line(word: str, entry: Entry, codes: dict[int, str]) -> str:
    if not word.isascii() or "\t" in word or "\n" in word:
        raise ValueError(f"{word!r} is no word of a lexicon: expected ASCII letters and marks")
    readings = {tag: (reading or "").translate(codes) for tag, reading in entry.readings.items()}
    if list(readings) == [DEFAULT]:
        text = readings[DEFAULT]
    else:
        text = ";".join(f"{tag}={reading}" for tag, reading in readings.items())
    return f"{word}\t{'' if entry.is_gold else _SILVER}{text}\n"


def _table(pieces: list[bytes]) -> bytes:
    offsets = [0]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(pieces)


class LexiconFile:
    """A lexicon file, mapped into memory. Safe to read from several threads.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no lexicon file or is cut short.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._bytes) < _HEADER.size or self._bytes[: len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} is no lexicon file")
        _, self._num_blocks, alphabet_bytes = _HEADER.unpack_from(self._bytes)
        start = _HEADER.size + alphabet_bytes
        alphabet = self._bytes[_HEADER.size : start].decode()
        self._phones = {_FIRST_CODE + k: phone for k, phone in enumerate(alphabet)}
        self._keys = start
        self._data = self._end(self._keys)
        if self._end(self._data) != len(self._bytes):
            raise ValueError(f"{path} is cut short or damaged")
        self._cache: OrderedDict[int, str] = OrderedDict()

    def _end(self, table: int) -> int:
        """Where a table and its pieces end."""
        if table + 4 * (self._num_blocks + 1) > len(self._bytes):
            return -1
        return self._piece(table, self._num_blocks - 1)[1]

    def _piece(self, table: int, index: int) -> tuple[int, int]:
        """Start and end of one piece after a table of offsets."""
        start, end = struct.unpack_from("<2I", self._bytes, table + 4 * index)
        base = table + 4 * (self._num_blocks + 1)
        return base + start, base + end

    def _first_key(self, block: int) -> bytes:
        start, end = self._piece(self._keys, block)
        return self._bytes[start:end]

    def _block(self, index: int) -> str:
        """Lines of one block, with a line break before the first."""
        text = self._cache.pop(index, None)
        if text is None:
            start, end = self._piece(self._data, index)
            raw = zlib.decompress(self._bytes[start:end], -zlib.MAX_WBITS)
            text = "\n" + raw.decode("latin-1")
        self._cache[index] = text
        if len(self._cache) > CACHED_BLOCKS:
            self._cache.popitem(last=False)
        return text

    def find(self, word: str) -> Entry | None:
        """The entry of exactly this spelling, or None."""
        if not word.isascii() or not word:
            return None
        # The spellings of a word may begin in the block before the one whose first key is theirs.
        key = word.lower().encode()
        first = bisect_left(range(self._num_blocks), key, key=self._first_key)
        last = bisect_right(range(self._num_blocks), key, lo=first, key=self._first_key)
        for block in range(max(0, first - 1), last):
            text = self._block(block)
            at = text.find(f"\n{word}\t")
            if at >= 0:
                start = at + len(word) + 2
                return self._entry(text[start : text.index("\n", start)])
        return None

    def _entry(self, text: str) -> Entry:
        is_gold = not text.startswith(_SILVER)
        phones = text.removeprefix(_SILVER).translate(self._phones)
        if "=" not in phones:
            return Entry({DEFAULT: phones or None}, is_gold)
        pairs = (reading.split("=") for reading in phones.split(";"))
        return Entry({tag: reading or None for tag, reading in pairs}, is_gold)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """All words in order, with their entries."""
        for block in range(self._num_blocks):
            for line in self._block(block)[1:-1].split("\n"):
                word, text = line.split("\t")
                yield word, self._entry(text)
