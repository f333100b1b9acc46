"""What a core can do at most, and what each part asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from muspeaker import _core, bench

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

pytest.importorskip("torch")

from tests.bench.models import SIZES, model_file
from tools.roofline.counter import ONCE_A_VOICE, count_work
from tools.roofline.peaks import measure_peaks

SECONDS = 2.5  # of a sentence
BLOCK_SECONDS = (0.5, 1.5)  # what a call costs however short it is, falls out of the difference
REPEATS = 3


def test_peaks(benchmark: BenchmarkFixture) -> None:
    peaks = benchmark.pedantic(measure_peaks, rounds=1)
    benchmark.extra_info.update(kind="peaks", machine=bench.machine(), **peaks)
    assert peaks["f32_products"] > 0


@pytest.mark.parametrize("size", ["lite", "base"])
def test_work(size: str, benchmark: BenchmarkFixture) -> None:
    work = benchmark.pedantic(count_work, args=(SIZES[size](), SECONDS), rounds=1)
    benchmark.extra_info.update(
        kind="work",
        size=size,
        seconds=SECONDS,
        products=dict(work.products),
        activation_bytes=dict(work.activation_bytes),
        weights=dict(work.weights),
    )
    assert work.products.keys() >= {"vocoder", *ONCE_A_VOICE}


def block_seconds(model: Any, scale: int, x: np.ndarray) -> float:
    """CPU seconds of one call, making blocks and packing weights included."""
    run = _core.probe.mrf_block
    return bench.best_of(lambda: run(model, scale, x), REPEATS).cpu_seconds


def block_costs(size: str, weight_type: str) -> list[dict[str, Any]]:
    """CPU seconds of the residual blocks of each scale of the vocoder, for a second of speech."""
    config = SIZES[size]()
    vocoder, rate_hz = config.vocoder, config.audio.sample_rate / config.audio.hop_samples
    taps = 2 * len(vocoder.resblock_dilations) * sum(vocoder.resblock_kernels)
    model = _core.probe.Model(str(model_file(size, weight_type)), 1)
    costs = []
    for scale, up in enumerate(vocoder.upsample_rates):
        rate_hz *= up
        channels = vocoder.initial_channels >> (scale + 1)
        x = np.random.default_rng(scale).standard_normal(
            (round(max(BLOCK_SECONDS) * rate_hz), channels), dtype=np.float32
        )
        short, long = (
            block_seconds(model, scale, x[: round(seconds * rate_hz)]) for seconds in BLOCK_SECONDS
        )
        costs.append(
            {
                "rate_hz": rate_hz,
                "channels": channels,
                "products": taps * channels**2 * rate_hz,
                "rtf_cpu": (long - short) / (BLOCK_SECONDS[1] - BLOCK_SECONDS[0]),
            }
        )
    return costs


@pytest.mark.parametrize("weight_type", ["q8", "f32"])
@pytest.mark.parametrize("size", ["base"])  # the one with such blocks
def test_residual_blocks(size: str, weight_type: str, benchmark: BenchmarkFixture) -> None:
    rows = benchmark.pedantic(block_costs, args=(size, weight_type), rounds=1)
    benchmark.extra_info.update(kind="blocks", size=size, weight_type=weight_type, rows=rows)
    assert len(rows) == len(SIZES[size]().vocoder.upsample_rates)
