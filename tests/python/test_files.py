"""Files: written whole, by many threads at once, in the user's mode, through links; read only if they are files."""

from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from muspeaker.sound import files
from muspeaker.sound.files import check_path, check_readable, whole_file, write_whole
from muspeaker.sound.recording import read_prompt
from muspeaker.voice import Voice

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes are POSIX's")


def test_threads_never_tear_a_file(tmp_path: Path) -> None:
    path, together = tmp_path / "a", threading.Barrier(8)

    def write(letter: bytes) -> None:
        together.wait()
        for _ in range(20):
            write_whole(path, 5000 * letter)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [b"%d" % number for number in range(8)]))
    written = path.read_bytes()
    assert len(written) == 5000
    assert len(set(written)) == 1
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_what_failed_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"before")

    def fill(disk: Path) -> None:
        with whole_file(disk) as partial:
            partial.write_bytes(b"half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fill(path)
    assert path.read_bytes() == b"before"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    path.chmod(mode)
    with whole_file(path) as partial:
        partial.write_bytes(b"after")
        # nobody else reads it before
        assert not stat.S_IMODE(partial.stat().st_mode) & ~mode & 0o077
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"after"


@posix
def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_whole(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


@posix
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "b", tmp_path / "a"
    link.symlink_to(target)
    for text in (b"first", b"second"):  # of a link to nothing, and to a file
        write_whole(link, text)
        assert link.is_symlink()
        assert target.read_bytes() == text


@posix
def test_devices_and_pipes_are_written_to(tmp_path: Path) -> None:
    write_whole(files.Path(os.devnull), b"gone")
    assert stat.S_ISCHR(files.Path(os.devnull).stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(pipe.read_bytes)
        write_whole(pipe, b"said")
        assert heard.result(10) == b"said"
    assert pipe.is_fifo()


@posix
@pytest.mark.skipif(not files.Path("/dev/fd").exists(), reason="open files have no names here")
def test_a_pipe_without_a_path_is_written_to() -> None:
    """As `-o /dev/stdout | player` and `-o >(player)` in a shell."""
    ours, its = os.pipe()
    write_whole(files.Path(f"/dev/fd/{its}"), b"said")
    os.close(its)
    with os.fdopen(ours, "rb") as heard:
        assert heard.read() == b"said"


@posix
@pytest.mark.skipif(not files.Path("/dev/fd").exists(), reason="open files have no names here")
def test_a_file_without_a_path_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("w+b") as opened:
        path.unlink()
        write_whole(files.Path(f"/dev/fd/{opened.fileno()}"), b"said")
        assert opened.read() == b"said"
    assert list(tmp_path.iterdir()) == []


def test_long_names(tmp_path: Path) -> None:
    write_whole(tmp_path / ("a" * 250), b"x")


@posix
def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    pipe = tmp_path / "a.voice"
    os.mkfifo(pipe)
    for read in (Voice.load, read_prompt):
        with pytest.raises(OSError, match="is a pipe or a device: expected a file"):
            read(pipe)
        with pytest.raises(OSError, match="is a pipe or a device: expected a file"):
            read(os.devnull)
    (tmp_path / "link").symlink_to(pipe)
    with pytest.raises(OSError, match="pipe"):
        check_readable(tmp_path / "link", "file")


def test_a_folder_that_takes_no_files_is_noticed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the system, for tests may run as somebody who may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: (Path(path), mode) != (tmp_path, os.W_OK))
    with pytest.raises(PermissionError, match="the folder takes no new files"):
        check_path(tmp_path / "a.wav")
    check_path(Path("/dev/null"))  # which is written to as it is
    monkeypatch.undo()
    check_path(tmp_path / "a.wav")


def forbid(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system say that a folder takes no new files, also to somebody who may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: (Path(path), mode) != (folder, os.W_OK))


@posix
def test_the_folder_of_what_a_link_points_to_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for /dev/stdout, which is a link to a file if a shell sends it there."""
    tmp_path = tmp_path.resolve()
    for folder in ("open", "shut"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "b").write_bytes(b"before")
    (tmp_path / "shut" / "out").symlink_to(tmp_path / "open" / "b")
    (tmp_path / "open" / "in").symlink_to(tmp_path / "shut" / "b")
    forbid(monkeypatch, tmp_path / "shut")
    write_whole(tmp_path / "shut" / "out", b"after")
    assert (tmp_path / "open" / "b").read_bytes() == b"after"
    with pytest.raises(PermissionError, match="open/in': the folder takes no new files"):
        check_path(tmp_path / "open" / "in")
    assert (tmp_path / "shut" / "b").read_bytes() == b"before"


@posix
def test_a_link_into_a_missing_folder_is_noticed_first(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "nowhere" / "b")
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere'"):
        check_path(tmp_path / "a")
