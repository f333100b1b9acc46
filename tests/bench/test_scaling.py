"""Time grows with the length of the text and no faster; memory of a stream does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import muspeaker
from muspeaker import bench

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

pytest.importorskip("torch")

from tests.bench.models import model_file

SENTENCES = bench.TEXT.split(". ")
LENGTHS_SECONDS = (1, 10, 60, 600)
MAX_GROWTH_BYTES = 8e6


def text_of(seconds: float, sentence_seconds: float) -> str:
    """Different sentences by turns, about as long as asked; half a one for a second."""
    count = max(1, round(seconds / sentence_seconds))
    text = " ".join(f"{SENTENCES[i % len(SENTENCES)].rstrip('.')}." for i in range(count))
    return text if seconds >= sentence_seconds else "The birch canoe."


def test_long_texts(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = model_file("lite", "q8")
    tts = muspeaker.load(path, num_threads=1)
    voice = tts.clone((bench.generated_prompt(), bench.PROMPT_RATE_HZ))
    voice.save(tmp_path / "bench.voice")
    sentence_seconds = tts.synthesize(bench.TEXT, voice).duration / len(SENTENCES)
    rows = []

    def run() -> None:
        for seconds in LENGTHS_SECONDS:
            text = text_of(seconds, sentence_seconds)
            fresh = bench.run_in_fresh_process(
                path, num_threads=1, voice=tmp_path / "bench.voice", text=text
            )
            rows.append(
                {
                    "audio_seconds": fresh["audio_seconds"],
                    "rtf_cpu": fresh["speak_cpu"] / fresh["audio_seconds"],
                    "peak_bytes": fresh["peak_bytes"],
                }
            )

    benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(kind="scaling", size="lite", weight_type="q8", rows=rows)
    assert rows[-1]["audio_seconds"] > 400
    assert rows[-1]["peak_bytes"] - rows[1]["peak_bytes"] < MAX_GROWTH_BYTES
