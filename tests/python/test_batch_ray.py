"""A batch on a Ray cluster of two machines, which are network namespaces of this one with a cable between them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

import muspeaker
from tests.serving import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = str(Path(muspeaker.__file__).parents[1])
NODES = {"mushead": "10.213.7.1", "musnode": "10.213.7.2"}
HEAD, OTHER = NODES
ADDRESS = f"{NODES[HEAD]}:6379"
NUM_JOBS = 16

pytest.importorskip("ray")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def two_namespaces() -> Iterator[None]:
    """Two network namespaces joined by a pair of interfaces; skips where that is not permitted."""
    if sys.platform != "linux" or shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs iproute2 and root")
    with ExitStack() as stack:
        try:
            for name in NODES:
                ip("netns", "add", name)
                stack.callback(ip, "netns", "del", name)
                ip("-n", name, "link", "set", "lo", "up")
            ip("link", "add", HEAD, "netns", HEAD, "type", "veth", "peer", OTHER, "netns", OTHER)
            for name, address in NODES.items():
                ip("-n", name, "addr", "add", f"{address}/24", "dev", name)
                ip("-n", name, "link", "set", name, "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
        yield


def inside(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """A Ray of one core on each of the two; gives the environment of a command that uses it."""
    sockets = tempfile.mkdtemp(prefix="ray")  # the paths of sockets must be short
    environment = os.environ | {"PYTHONPATH": SOURCES, "RAY_AUTH_MODE": "disabled"}
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    start += ["--disable-usage-stats", "--object-store-memory=80000000"]
    head = ["--head", "--port=6379", "--include-dashboard=false", f"--temp-dir={sockets}"]
    where = {HEAD: head, OTHER: [f"--address={ADDRESS}"]}
    started = []
    try:
        for name, options in where.items():
            command = [*start, *options, f"--node-ip-address={NODES[name]}"]
            with (folder / f"{name}.log").open("w") as log:
                process = subprocess.Popen(
                    inside(name, *command),
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            started.append(process)
            told = folder / f"{name}.log"
            wait_until(lambda p=process, t=told: p.poll() or "Ray runtime started" in t.read_text())
            assert process.poll() is None, told.read_text()
        yield environment
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(30)
            finally:
                process.kill()
        shutil.rmtree(sockets, ignore_errors=True)


def actors_in(name: str) -> list[int]:
    """Processes of a namespace that are actors of ours."""
    listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, check=True).stdout
    found = []
    for pid in map(int, listed.split()):
        try:
            title = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::_Actor"):
            found.append(pid)
    return found


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_two_machines_share_a_batch_and_one_loses_its_worker(tmp_path: Path) -> None:
    jobs, out = tmp_path / "jobs.tsv", tmp_path / "out"
    text = "Every machine speaks a part of what is to be said, and none knows of the other's."
    jobs.write_text(
        "".join(f"j{number}\tPart {number}. {text * 4}\n" for number in range(NUM_JOBS))
    )
    command = [sys.executable, "-m", "muspeaker", "batch", str(jobs), str(out)]
    command += ["--ray", ADDRESS, "--json"]
    with two_namespaces(), cluster(tmp_path) as environment:
        running = subprocess.Popen(
            inside(HEAD, *command), env=environment, stdout=subprocess.PIPE, text=True
        )
        with running:
            wait_until(lambda: running.poll() is not None or (actors_in(HEAD) and actors_in(OTHER)))
            wait_until(lambda: running.poll() is not None or list(out.glob("*.wav")))
            (worker,) = actors_in(OTHER)
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: running.poll() is not None or actors_in(OTHER) not in ([], [worker]))
            report, _ = running.communicate(timeout=120)
    told = json.loads(report)
    assert (told["spoken"], told["failed"], told["workers"]) == (NUM_JOBS, {}, 2)
    lines = [json.loads(line) for line in (out / "batch.jsonl").read_text().splitlines()]
    assert sorted(line["name"] for line in lines) == sorted(f"j{i}" for i in range(NUM_JOBS))
    for line in lines:
        seconds = soundfile.info(out / line["file"]).duration
        assert seconds == pytest.approx(line["seconds"], abs=1e-3)
    expected = muspeaker.load(num_threads=1).synthesize(f"Part 0. {text * 4}").encode(".wav")
    assert (out / "j0.wav").read_bytes() == expected
