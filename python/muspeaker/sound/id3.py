"""The tag at the head of an MP3 file: title, artist and the like, and chapters.

Source: ID3v2.3.0 (id3.org, 1999) and its addendum for chapters (2005). libsndfile writes such a tag too, but
knows no chapters and no letters beyond Latin-1.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from muspeaker.sound.span import Span

FRAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "date": "TYER",
    "genre": "TCON",
    "copyright": "TCOP",
    "tracknumber": "TRCK",
    "comment": "COMM",
}
MAX_LISTED = 255  # chapters in the table of contents, whose count is one byte
NO_OFFSET = 0xFFFFFFFF  # of bytes in the file: the times count
TOP_LEVEL_ORDERED = 3
UTF_16 = b"\x01"


def id3_tag(metadata: Mapping[str, str], chapters: Sequence[Span] = ()) -> bytes:
    """The tag; nothing where there is nothing to tell.

    Args:
        metadata: Texts by the keys of `FRAMES`.
        chapters: Titles with their start and end in seconds.
    """
    frames = [_text_frame(FRAMES[key], text) for key, text in metadata.items()]
    names = [f"chapter{number}".encode() + b"\0" for number in range(len(chapters))]
    if chapters:
        listed = names[:MAX_LISTED]
        frames.append(
            _frame("CTOC", b"toc\0" + bytes([TOP_LEVEL_ORDERED, len(listed)]) + b"".join(listed))
        )
    for name, chapter in zip(names, chapters, strict=True):
        times = (round(1000 * chapter.start), round(1000 * chapter.end), NO_OFFSET, NO_OFFSET)
        body = name + struct.pack(">4I", *times) + _text_frame("TIT2", chapter.text)
        frames.append(_frame("CHAP", body))
    body = b"".join(frames)
    return b"ID3\x03\x00\x00" + _syncsafe(len(body)) + body if body else b""


def _text_frame(name: str, text: str) -> bytes:
    head = UTF_16 + (b"eng" + "".encode("utf-16") + b"\0\0" if name == "COMM" else b"")
    return _frame(name, head + text.encode("utf-16"))


def _frame(name: str, body: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(body), 0) + body


def _syncsafe(size: int) -> bytes:
    """28 bits in four bytes whose highest bit is 0."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
