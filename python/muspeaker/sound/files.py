"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_path(path: Path) -> None:
    """Raise OSError if no file can be written there."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {str(path)!r}: it is a folder")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in its folder and rename it, so that no reader sees half of it."""
    with whole_file(path) as partial:
        partial.write_bytes(data)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path in the folder of `path` to write to; it takes the name `path` once all went well.

    For what is better not held as bytes, such as a large array. NumPy adds a suffix to a name that lacks its
    own: give it the opened file.

    Args:
        path: Where the file goes; replaced if it is there. Its folder must exist.

    Raises:
        OSError: If nothing can be written there; `path` is then as it was.
    """
    check_path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
