"""Every server ends when it is told to, even if one of its threads never does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import muspeaker
from tests.serving import wait_until

SOURCES = str(Path(muspeaker.__file__).parents[1])
STUCK = "import threading; threading.Thread(target=threading.Event().wait).start(); "
STUCK += "from muspeaker.cli import main; main()"
COMMANDS = {
    "serve": ("serve", "--port", "{port}"),
    "wyoming": ("wyoming", "--uri", "tcp://127.0.0.1:{port}"),
    "demo": ("demo", "--port", "{port}"),
}


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stuck_thread_holds_no_server_up(tmp_path: Path, command: str, number: int) -> None:
    if command == "demo":
        pytest.importorskip("gradio")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [word.format(port=port) for word in COMMANDS[command]]
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, *options, "--threads", "1"],
        env=os.environ | {"PYTHONPATH": SOURCES, "MUSPEAKER_DATA": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_until(lambda: server.poll() is not None or is_open(port))
            server.send_signal(number)
            assert server.wait(60) == 0
        finally:
            server.kill()
