"""Eight clients at once for a minute: no error, and no sample lost.

`python -m tools.load_test` starts `muspeaker serve` on a free port, asks for each text once alone, then
lets the clients ask for the same texts until the time is over and compares every answer with the
single client's, byte for byte. It prints JSON and exits with 1 if anything differed or failed.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openai

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = (
    "Yes.",
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background. It is easy to tell the depth of a well.",
    (
        "Four hours of steady work faced us, said Dr. Brown at 7:45.\n\n"
        "The boy was there when the sun rose; a rod is used to catch pink salmon. "
        "The source of the huge river is the clear spring."
    ),
)
BYTES_A_SECOND = {"wav": 2 * 22050, "pcm": 2 * 24000}
START_SECONDS = 60


@dataclass
class Results:
    """What the clients saw together."""

    num_bytes: int = 0
    first_seconds: list[float] = field(default_factory=list)
    total_seconds: list[float] = field(default_factory=list)
    differing: int = 0
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="tools.load_test", description=__doc__)
    parser.add_argument("--url", help="address of a running server, with /v1; default: start one")
    parser.add_argument("--token", default="none")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--voice", default="alloy")
    parser.add_argument("--format", choices=sorted(BYTES_A_SECOND), default="wav")
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of the engine of the server started"
    )
    options = parser.parse_args()
    if options.url is not None:
        found = measure(options, options.url)
    else:
        with started_server(options.threads) as url:
            found = measure(options, url)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        found["server_cpu_seconds"] = round(used.ru_utime + used.ru_stime, 1)
        found["server_peak_mebibytes"] = round(used.ru_maxrss / 1024)
    print(json.dumps(found, indent=2))
    return 1 if found["errors"] or found["answers_that_differ"] or not found["requests"] else 0


@contextmanager
def started_server(threads: int) -> Iterator[str]:
    """`muspeaker serve` with an empty data folder; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "muspeaker", "serve", "--port", "0", "--data", folder]
        command += ["--threads", str(threads)]
        server = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert server.stderr is not None
        try:
            yield _address(server)
        finally:
            server.terminate()
            server.communicate(timeout=START_SECONDS)


def _address(server: subprocess.Popen[str]) -> str:
    said = []
    assert server.stderr is not None
    for line in server.stderr:
        said.append(line)
        if found := re.search(r"running on (http://[^ ]+)", line):
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return f"{found[1]}/v1"
    raise RuntimeError("the server did not start: " + "".join(said))


def measure(options: argparse.Namespace, url: str) -> dict[str, Any]:
    """One run against the server at an address."""
    with openai.OpenAI(base_url=url, api_key=options.token, max_retries=0) as client:
        expected = [_answer(client, options, text)[0] for text in TEXTS]
        results = Results()
        end = time.monotonic() + options.seconds
        clients = [
            threading.Thread(target=_ask, args=(options, url, expected, results, number, end))
            for number in range(options.clients)
        ]
        start = time.monotonic()
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        seconds = time.monotonic() - start
    return summary(options, results, seconds)


def summary(options: argparse.Namespace, results: Results, seconds: float) -> dict[str, Any]:
    """The results as they are printed."""
    speech = results.num_bytes / BYTES_A_SECOND[options.format]
    return {
        "clients": options.clients,
        "seconds": round(seconds, 1),
        "requests": len(results.total_seconds),
        "errors": len(results.errors),
        "first_errors": results.errors[:3],
        "answers_that_differ": results.differing,
        "speech_seconds": round(speech, 1),
        "speech_per_second": round(speech / seconds, 2),
        "first_chunk_seconds": _spread(results.first_seconds),
        "answer_seconds": _spread(results.total_seconds),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=20)
    shares = {"median": cuts[9], "p95": cuts[18], "max": max(seconds)}
    return {name: round(value, 3) for name, value in shares.items()}


def _ask(
    options: argparse.Namespace,
    url: str,
    expected: list[bytes],
    results: Results,
    number: int,
    end: float,
) -> None:
    """One client, asking until the end."""
    with openai.OpenAI(base_url=url, api_key=options.token, max_retries=0) as client:
        while time.monotonic() < end:
            number = (number + 1) % len(TEXTS)
            start = time.monotonic()
            try:
                data, first = _answer(client, options, TEXTS[number])
            except Exception as error:  # noqa: BLE001 (whatever it is, it counts)
                with results.lock:
                    results.errors.append(repr(error))
                continue
            with results.lock:
                results.num_bytes += len(data)
                results.first_seconds.append(first - start)
                results.total_seconds.append(time.monotonic() - start)
                results.differing += data != expected[number]


def _answer(client: openai.OpenAI, options: argparse.Namespace, text: str) -> tuple[bytes, float]:
    """The bytes of one answer, and the time of its first."""
    with client.audio.speech.with_streaming_response.create(
        model="muspeaker", voice=options.voice, input=text, response_format=options.format
    ) as response:
        chunks = response.iter_bytes()
        parts = [next(chunks)]
        first = time.monotonic()
        parts += chunks
    return b"".join(parts), first


if __name__ == "__main__":
    sys.exit(main())
