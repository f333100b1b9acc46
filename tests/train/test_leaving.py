"""A process that leaves a group ends its threads first, and no process waits for one that failed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch

PATIENCE_SECONDS = 300  # for two processes that import PyTorch on a busy machine
# Says at the very end, after all that start() registered, whether a thread of gloo is left.
ONE = """
import atexit, os, sys, time

def left():
    tasks = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
    print("left", sum("gloo" in task for task in tasks))

atexit.register(left)

import torch
from muspeaker.train.loop import distributed

distributed.start()
layer = torch.nn.Linear(2, 2)
torch.optim.AdamW(layer.parameters())  # imports much of torch.distributed
distributed.same_start(layer)
number, trouble = distributed.rank(), sys.argv[1]
if trouble == "second fails" and number == 1:
    raise ValueError("trouble")
if trouble == "second is late" and number == 1:
    time.sleep(1)
if trouble == "second fails":
    for _ in range(1000):
        distributed.average_gradients(layer.parameters())
"""


def run_two(trouble: str, folder: Path) -> list[tuple[int, str, str]]:
    """Exit status, output and error text of two processes, the first of which has the store."""
    script = folder / "one.py"
    script.write_text(ONE, encoding="utf-8")
    root = Path(__file__).parents[2]
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    paths = [os.fspath(Path(path).resolve()) for path in given] or [os.fspath(root / "python")]
    common = os.environ | {
        "OMP_NUM_THREADS": "1", "WORLD_SIZE": "2", "PYTHONPATH": os.pathsep.join(paths),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()),
    }  # fmt: skip
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), trouble], cwd=folder, text=True,
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(p.returncode, *texts) for p, texts in zip(processes, said, strict=True)]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads have no names here")
def test_no_thread_of_the_group_is_left(tmp_path):
    for status, output, errors in run_two("second is late", tmp_path):
        assert status == 0, errors
        assert output == "left 0\n"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads have no names here")
def test_none_waits_for_a_process_that_failed(tmp_path):
    (first, output, errors), second = run_two("second fails", tmp_path)
    assert first == 1, errors
    assert re.search("Connection (closed|reset) by peer", errors), errors
    assert second[0] == 1
    assert second[2].endswith("ValueError: trouble\n")
    assert output == second[1] == "left 0\n"
