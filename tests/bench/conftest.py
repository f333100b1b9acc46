"""How everything here is run: CPU time by pytest-benchmark, wall time and the rest next to it.

    python -m pytest tests/bench --benchmark-json bench.json
    python -m tools.rtf_history bench.json       # keep it, draw the history, write the tables

On a busy machine read CPU seconds; wall seconds and the ratio of one to two threads need an idle one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
ROUNDS = 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/bench" in item.path.as_posix():
            item.add_marker(pytest.mark.bench)
            item.add_marker(pytest.mark.torch)
            item.add_marker(pytest.mark.filterwarnings("ignore"))  # of the peers' packages
            item.add_marker(pytest.mark.benchmark(timer=time.process_time))


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)


@pytest.fixture
def speaking(benchmark: BenchmarkFixture) -> Callable[..., dict[str, Any]]:
    """A function that times a speaker, which says how many seconds it spoke, and keeps its figures."""

    def run(speak: Callable[[str], float], rounds: int = ROUNDS, **about: Any) -> dict[str, Any]:
        audio_seconds = speak(TEXT)  # and warm
        spent: list[tuple[float, float]] = []

        def timed() -> None:
            cpu_started, wall_started = time.process_time(), time.perf_counter()
            speak(TEXT)
            spent.append((time.process_time() - cpu_started, time.perf_counter() - wall_started))

        benchmark.pedantic(timed, rounds=rounds)
        cpu_seconds, wall_seconds = (min(column) for column in zip(*spent, strict=True))
        benchmark.extra_info.update(
            about,
            audio_seconds=audio_seconds,
            rtf_cpu=cpu_seconds / audio_seconds,
            rtf_wall=wall_seconds / audio_seconds,
        )
        return dict(benchmark.extra_info)

    return run
