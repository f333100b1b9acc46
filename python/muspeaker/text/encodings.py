"""Bytes of a text file to the text."""

from __future__ import annotations

import codecs


def decoded(data: bytes, name: str = "text") -> str:
    """The text of a file: UTF-8, or UTF-16 where it begins with a byte order mark.

    Args:
        data: All of the file.
        name: What it is, for the message.

    Raises:
        ValueError: If it is neither; the message names the byte and its place.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        # utf-8-sig counts from after the byte order mark
        at = error.start + 3 * (not is_utf16 and data.startswith(codecs.BOM_UTF8))
        raise ValueError(
            f"{name} is not {'UTF-16' if is_utf16 else 'UTF-8'}: byte 0x{data[at]:02x} at {at} "
            "(expected UTF-8, or UTF-16 with a byte order mark)"
        ) from error
