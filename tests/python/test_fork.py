"""What a child process can do with a model that its parent loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import muspeaker

SOURCES = str(Path(muspeaker.__file__).parents[1])
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

START = """
import os, sys, threading, traceback, warnings
import muspeaker
warnings.simplefilter("ignore", DeprecationWarning)  # of newer Pythons: "use of fork() may lead to deadlocks"
num_threads = int(sys.argv[1])
tts, voice = muspeaker.load(num_threads=num_threads), muspeaker.Voice.builtin()
LONG = "Glue the sheet to the dark blue background. " * 3

def run_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except Exception:
            traceback.print_exc()
            os._exit(1)
        sys.exit(0)  # as a child ends that does not care: everything is destroyed
    assert os.waitpid(pid, 0)[1] == 0
"""

SPEAK = """
expected = tts.synthesize("Hello.", voice).samples
child = lambda: (tts.synthesize("Hello.", voice).samples == expected).all() or sys.exit(1)
"""

CASES = {
    "drops the model": START + "def child():\n global tts\n del tts\nrun_child(child)",
    "does nothing": START + "run_child(lambda: None)",
    "speaks": START + SPEAK + "run_child(child)\nchild()",
    "speaks on a fork": START + SPEAK + "tts = tts.fork(num_threads)\nrun_child(child)\nchild()",
    "speaks in a child of its own": START
    + SPEAK
    + "run_child(lambda: (child(), run_child(child)))",
    "clones": START
    + """
import numpy as np
noise = np.random.default_rng(0).normal(size=40000).astype("f4") / 10
run_child(lambda: tts.clone((noise, 20000)))
""",
    "while another thread speaks": START
    + SPEAK
    + """
stopped, begun = threading.Event(), threading.Event()
def speak():
    while not stopped.is_set():
        for _ in tts.stream(LONG, voice):
            begun.set()
other = threading.Thread(target=speak)
other.start()
begun.wait()
for _ in range(5):
    run_child(child)
stopped.set()
other.join()
""",
    "goes on with a stream": START
    + """
stream = tts.stream(LONG, voice)
next(stream)
def child():
    try:
        next(stream)
    except RuntimeError as error:
        assert "another process" in str(error)
        return
    raise AssertionError("it went on")
run_child(child)
next(stream)
""",
    "reads a text while another thread does": START
    + """
from muspeaker.text import phonemize
held, free = threading.Event(), threading.Event()
def hold():
    with phonemize._LOCK:
        held.set()
        free.wait(0.5)
other = threading.Thread(target=hold)
other.start()
held.wait()
run_child(lambda: phonemize._LOCK.acquire(blocking=False) or sys.exit(1))
free.set()
other.join()
""",
}


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_a_child(case: str, num_threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CASES[case], str(num_threads)],
        env=os.environ | {"PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
