"""Speak, clone and serve for long, and see whether memory grows.

    python -m tools.soak          # 2,000 syntheses, 500 clones, 1,000 requests, 8 clients for 10 minutes
    python -m tools.soak --syntheses 300 --clones 0 --requests 300 --seconds 60

The first hundred of each kind fill caches and pools and do not count; after them memory may grow by 1 %. The clients
are those of tools.load_test. Prints JSON and exits with 1 if memory grew by more, or an answer failed or differed.
Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import muspeaker
from muspeaker.voice import DEFAULT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WARM_UP = 100
MOST_GROWTH = 0.01  # from the first quarter of the readings to the last
READINGS = 40
TEXTS = (
    "Yes.",
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet. It is easy to tell.",
)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="tools.soak", description=__doc__)
    parser.add_argument("--syntheses", type=int, default=2000)
    parser.add_argument("--clones", type=int, default=500)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=600, help="of eight clients at once")
    counts = vars(parser.parse_args())
    seconds = counts.pop("seconds")
    kinds = {"syntheses": soak_syntheses, "clones": soak_clones, "requests": soak_requests}
    found = {name: in_a_process(kinds[name], count) for name, count in counts.items() if count}
    is_good = all(one["growth"] <= MOST_GROWTH and not one["differing"] for one in found.values())
    if seconds:
        found["clients"], all_right = soak_clients(seconds)
        is_good = is_good and all_right
    print(json.dumps(found, indent=2))
    return 0 if is_good else 1


def in_a_process(soak: Callable[[int], dict[str, Any]], count: int) -> dict[str, Any]:
    """The result of one soak in a new process, so that none inherits the memory of another."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(soak, (count,))


def soak_syntheses(count: int) -> dict[str, Any]:
    """Speak again and again; each text must give the same samples every time."""
    tts, voice = muspeaker.load(num_threads=1), muspeaker.Voice.builtin()
    return measure(lambda i: tts.synthesize(TEXTS[i % len(TEXTS)], voice).samples.tobytes(), count)


def soak_clones(count: int) -> dict[str, Any]:
    """Clone one recording again and again."""
    tts = muspeaker.load(num_threads=1)
    prompt = tts.synthesize(" ".join(TEXTS), muspeaker.Voice.builtin())
    return measure(lambda _: tts.clone(prompt).vector.tobytes(), count)


def soak_requests(count: int) -> dict[str, Any]:
    """Ask a server for every format by turns, and measure the server."""
    formats = ("mp3", "opus", "aac", "flac", "wav", "pcm")
    with started_server() as (url, process):

        def ask(index: int) -> bytes:
            text = TEXTS[index % len(TEXTS)]
            body = {"input": text, "voice": DEFAULT_NAME, "response_format": formats[index % 6]}
            request = Request(
                f"{url}/v1/audio/speech",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            with urlopen(request) as answer:
                content: bytes = answer.read()
                return content

        return measure(ask, count, process, at_once=4)


def soak_clients(seconds: int) -> tuple[dict[str, Any], bool]:
    """What eight clients of one server saw, and whether all their answers were right."""
    command = [sys.executable, "-m", "tools.load_test", "--clients", "8", "--seconds", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout or "{}"), done.returncode == 0


def measure(
    call: Callable[[int], bytes], count: int, process: int | None = None, *, at_once: int = 1
) -> dict[str, Any]:
    """Call, compare with the answers of the warm-up, and measure a process before and after.

    Args:
        call: Gives the same bytes for i and i + 6.
        count: Number of calls that are measured.
        process: Process that is measured; None is this one.
        at_once: Calls of the warm-up at the same time. Later ones come one by one, but the end of one may overlap the
            begin of the next; what two hold together should have been seen before.
    """
    expected = [call(i) for i in range(6)]
    with ThreadPoolExecutor(at_once) as pool:
        warm = list(pool.map(call, range(6, WARM_UP)))
    differing = sum(given != expected[i % 6] for i, given in enumerate(warm, start=6))
    sizes = []
    for i in range(count):
        differing += call(i) != expected[i % 6]
        if i % max(1, count // READINGS) == 0:
            sizes.append(own_bytes(process) / 2**20)
    quarter = max(1, len(sizes) // 4)  # what an allocator keeps for a while moves single readings
    before, after = (statistics.fmean(part) for part in (sizes[:quarter], sizes[-quarter:]))
    mebibytes = [round(size, 1) for size in (before, after)]
    growth = round(after / before - 1, 4)
    found = {"calls": count, "mebibytes": mebibytes, "growth": growth, "differing": differing}
    return found | {"readings": [round(size, 1) for size in sizes]}  # tell a step from a slope


def own_bytes(process: int | None) -> int:
    """Memory that only a process has, paged out or not."""
    gc.collect()
    if process is None:  # else what the allocator keeps of one text hides what another lost
        ctypes.CDLL(None).malloc_trim(0)
    status = Path(f"/proc/{process or os.getpid()}/status").read_text()
    found = re.findall(r"(?:RssAnon|VmSwap):\s+(\d+) kB", status)
    assert found
    return 1024 * sum(map(int, found))


@contextmanager
def started_server() -> Iterator[tuple[str, int]]:
    """`muspeaker serve` with an empty data folder; gives its address and its process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "muspeaker", "serve", "--port", "0", "--threads", "1"]
        server = subprocess.Popen(
            [*command, "--data", folder],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert server.stderr is not None
        try:
            for line in server.stderr:
                if found := re.search(r"running on (http://[^ ]+)", line):
                    yield found[1], server.pid
                    return
            raise RuntimeError("the server did not start")
        finally:
            server.terminate()
            server.communicate(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
