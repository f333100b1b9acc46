"""What a core can do at most, and what each part asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from muspeaker import bench

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

pytest.importorskip("torch")

from tests.bench.models import SIZES
from tools.roofline.counter import ONCE_A_VOICE, count_work
from tools.roofline.peaks import measure_peaks

SECONDS = 2.5  # of a sentence


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
