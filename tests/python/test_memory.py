"""A process that serves for long keeps its size."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import muspeaker
from tests.espeak import needs_espeak

SOURCES = str(Path(muspeaker.__file__).parents[1])
FULL_COLLECTIONS = """
import gc
loaded = [[] for _ in range(300_000)]
gc.collect()
{before}
before = gc.get_stats()[2]["collections"]
for _ in range(300_000):
    of_a_request = []
    of_a_request.append(of_a_request)
print(gc.get_stats()[2]["collections"] - before)
"""
POOLS = """
import ctypes, threading
{before}
held = threading.Barrier(5)
def speak():
    data = bytearray(10_000)
    held.wait()
threads = [threading.Thread(target=speak) for _ in range(4)]
for thread in threads: thread.start()
held.wait()
ctypes.CDLL(None).malloc_stats()
"""
KILLED = """
import os, signal
from muspeaker.text.phonemize import tokens
from muspeaker.config import SYMBOLS
tokens("Guten Tag.", "de", SYMBOLS)
os.kill(os.getpid(), signal.SIGKILL)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": SOURCES} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def calling(name: str) -> str:
    return f"from muspeaker.cli.memory import {name}; {name}()"


def test_garbage_is_found_beside_much_that_stays() -> None:
    assert int(run(FULL_COLLECTIONS.format(before=calling("settle"))).stdout) > 0
    assert int(run(FULL_COLLECTIONS.format(before="")).stdout) == 0  # else there is no need to


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc has such pools")
def test_threads_share_what_they_freed() -> None:
    assert run(POOLS.format(before=calling("share_freed_memory"))).stderr.count("Arena ") == 1
    assert run(POOLS.format(before="")).stderr.count("Arena ") > 1


@needs_espeak
@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be removed there")
def test_a_killed_process_leaves_no_copy_of_espeak(tmp_path: Path) -> None:
    done = run(KILLED, TMPDIR=str(tmp_path))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
