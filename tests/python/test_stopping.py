"""Every server ends when it is told to, even if one of its threads never does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import muspeaker
from tests.serving import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = str(Path(muspeaker.__file__).parents[1])
MAIN = "from muspeaker.cli import main; main()"
STUCK = "import threading; threading.Thread(target=threading.Event().wait).start(); "
# As in what a script starts with `&`: SIGINT is ignored, until a program asks for it.
BEHIND = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
# The signal comes when a client can connect for the first time.
AT_ONCE = """
import asyncio, os
start = asyncio.start_server
async def started(*args, **keywords):
    server = await start(*args, **keywords)
    os.kill(os.getpid(), {number})
    return server
asyncio.start_server = started
"""
COMMANDS = {
    "serve": ("serve", "--port", "{port}"),
    "wyoming": ("wyoming", "--uri", "tcp://127.0.0.1:{port}"),
    "demo": ("demo", "--port", "{port}"),
}


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


TELLS = """
import atexit, gc, pathlib
atexit.register(lambda: pathlib.Path({path!r}).write_text(str(gc.get_freeze_count())))
"""


@contextmanager
def started(folder: Path, before: str, command: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """A server in a process of its own that does something before; gives its port, too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [word.format(port=port) for word in COMMANDS[command]]
    with subprocess.Popen(
        [sys.executable, "-c", before + MAIN, *options, "--threads", "1"],
        env=os.environ | {"PYTHONPATH": SOURCES, "MUSPEAKER_DATA": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            yield server, port
        finally:
            server.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stuck_thread_holds_no_server_up(tmp_path: Path, command: str, number: int) -> None:
    if command == "demo":
        pytest.importorskip("gradio")
    with started(tmp_path, STUCK + BEHIND, command) as (server, port):
        wait_until(lambda: server.poll() is not None or is_open(port))
        server.send_signal(number)
        assert server.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_may_come_as_soon_as_the_port_is_open(tmp_path: Path, number: int) -> None:
    with started(tmp_path, AT_ONCE.format(number=int(number)), "wyoming") as (server, _):
        assert server.wait(60) == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_server_has_loaded_is_left_alone(tmp_path: Path, command: str) -> None:
    """The garbage collector need not look through it again (`muspeaker.cli.memory`)."""
    if command == "demo":
        pytest.importorskip("gradio")
    told = tmp_path / "told"
    with started(tmp_path, TELLS.format(path=str(told)), command) as (server, port):
        wait_until(lambda: server.poll() is not None or is_open(port))
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    assert int(told.read_text()) > 10_000
