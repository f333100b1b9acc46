"""Files that are written whole or not at all, and files that may be read."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME_CHARACTERS = 64  # characters of the file's own name in its temporary name
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
NEW_FILE_MODE = 0o666  # less the process's mask, as for any new file
PRIVATE_MODE = 0o600


def check_path(path: Path) -> None:
    """Raise OSError if no file can be written there."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {str(path)!r}: it is a folder")
    target = Path(os.path.realpath(path))
    if _is_written_in_place(path, target):
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(target.parent)!r}")
    if not os.access(target.parent, os.W_OK):  # where it is written under another name
        raise PermissionError(f"cannot write {str(path)!r}: the folder takes no new files")


def _is_written_in_place(path: Path, target: Path) -> bool:
    """Whether a path is a pipe or a device, also /dev/stdout, which is a link to no path if it is a pipe."""
    return path.exists() and not (path.is_file() and target.exists())


def names_file(text: str | Path) -> bool:
    """Whether a text is the path of a file. It may be what a user gave for a voice or a style, of any length."""
    return os.path.isfile(text)  # noqa: PTH113 (Path.is_file raises OSError for what is too long to be a name)


def check_is_not(path: Path, *sources: str | Path | None) -> None:
    """Raise FileExistsError if a path is one of the files that are read, which writing would destroy.

    Args:
        path: What is to be written.
        sources: What is read. None, and names that are no files, are passed over.
    """
    for source in sources:
        if (
            source is not None
            and names_file(source)
            and path.is_file()
            and path.samefile(str(source))
        ):
            raise FileExistsError(
                f"{str(path)!r} is a file that is read: name another one, so that it is not lost"
            )


def check_readable(path: Path, role: str) -> None:
    """Raise an error unless the path is a file, or a link to one.

    A pipe or a device is refused before it is opened: opening one may wait for ever, and it has no end.

    Args:
        path: What is to be read.
        role: What it is, for the message, such as `voice file`.

    Raises:
        FileNotFoundError: If nothing is there.
        IsADirectoryError: If it is a folder.
        OSError: If it is neither file nor folder, or cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{role} {str(path)!r} does not exist") from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{role} {str(path)!r} is a folder: expected a file")
    if not stat.S_ISREG(mode):
        raise OSError(f"{role} {str(path)!r} is a pipe or a device: expected a file")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in its folder and rename it, so that no reader sees half of it."""
    with whole_file(path) as partial:
        partial.write_bytes(data)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path in the folder of `path` to write to; it takes the name `path` once all went well.

    For what is better not held as bytes, such as a large array. NumPy adds a suffix to a name that lacks its
    own: give it the opened file. A file that is replaced keeps its mode, nobody else can read its successor
    before, and a link keeps pointing to it. Pipes and devices are written to as they are.

    Args:
        path: Where the file goes; replaced if it is there. Its folder must exist.

    Raises:
        OSError: If nothing can be written there; `path` is then as it was.
    """
    check_path(path)
    target = Path(os.path.realpath(path))  # where a link points to
    if _is_written_in_place(path, target):
        yield path
        return
    name = f".{target.name[:NAME_CHARACTERS]}.{os.urandom(8).hex()}.tmp"
    partial = target.with_name(name)
    os.close(os.open(partial, NEW_FILE, PRIVATE_MODE if target.exists() else NEW_FILE_MODE))
    try:
        yield partial
        with suppress(FileNotFoundError):
            partial.chmod(stat.S_IMODE(target.stat().st_mode))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
