"""Short texts on one thread and on two, by turns in one run, with the model that ships."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import muspeaker
from muspeaker import bench
from muspeaker.threads import available_cores

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer

TEXTS = {
    5: "The birch canoe slid smoothly.",
    10: bench.TEN_WORDS,
    20: f"{bench.TEN_WORDS[:-1]} while the old men sat watching the quiet water slowly.",
}
TURNS = 40


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
@pytest.mark.parametrize("num_words", TEXTS)
def test_short_texts(num_words: int, benchmark: BenchmarkFixture) -> None:
    """The ratio is of the least wall times; other programs can only add to a time."""
    text = TEXTS[num_words]
    assert len(text.split()) == num_words
    by_threads = {count: muspeaker.load(num_threads=count) for count in (1, 2)}
    wall: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}

    def spoken(tts: Synthesizer) -> Audio:
        cpu_started, wall_started = time.process_time(), time.perf_counter()
        speech = tts.synthesize(text, seed=1)
        wall[tts.num_threads].append(time.perf_counter() - wall_started)
        cpu[tts.num_threads].append(time.process_time() - cpu_started)
        return speech

    def turn() -> None:
        one, two = (spoken(tts) for tts in by_threads.values())
        assert np.array_equal(one.samples, two.samples)

    benchmark.pedantic(turn, rounds=TURNS, warmup_rounds=3)
    benchmark.extra_info.update(
        num_words=num_words,
        wall_seconds={count: min(seconds) for count, seconds in wall.items()},
        cpu_seconds={count: min(seconds) for count, seconds in cpu.items()},
        times_faster=min(wall[1]) / min(wall[2]),
    )
