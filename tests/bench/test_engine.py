"""The engine: both sizes, three weight types, one and two threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import muspeaker
from muspeaker import bench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

pytest.importorskip("torch")

from tests.bench.conftest import TEXT
from tests.bench.models import model_file

REPEATS = 3


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("weight_type", ["q8", "f16", "f32"])
@pytest.mark.parametrize("size", ["lite", "base"])
def test_engine(
    size: str,
    weight_type: str,
    num_threads: int,
    speaking: Callable[..., dict[str, Any]],
    benchmark: BenchmarkFixture,
    tmp_path: Path,
) -> None:
    path = model_file(size, weight_type)
    tts = muspeaker.load(path, num_threads=num_threads)
    prompt = (bench.generated_prompt(), bench.PROMPT_RATE_HZ)
    voice = tts.clone(prompt)
    voice.save(tmp_path / "bench.voice")
    speaking(
        lambda text: tts.synthesize(text, voice).duration,
        kind="engine",
        size=size,
        weight_type=weight_type,
        num_threads=num_threads,
        file_bytes=path.stat().st_size,
        parts_rtf_cpu=bench.parts_of(tts, voice, TEXT),
    )
    fresh = bench.run_in_fresh_process(
        path, num_threads=num_threads, voice=tmp_path / "bench.voice", text=TEXT
    )
    repeats = REPEATS if size == "lite" else 1
    for name, work in {
        "first_chunk": lambda: next(iter(tts.stream(bench.TEN_WORDS, voice))),
        "clone": lambda: tts.clone(prompt),
    }.items():
        cost = bench.best_of(work, repeats)
        benchmark.extra_info[f"{name}_cpu"] = cost.cpu_seconds
        benchmark.extra_info[f"{name}_wall"] = cost.wall_seconds
    benchmark.extra_info.update({key: fresh[key] for key in ("load_cpu", "load_wall")})
    benchmark.extra_info.update({key: fresh[key] for key in ("peak_bytes", "start_bytes")})
    assert benchmark.extra_info["audio_seconds"] > 2
