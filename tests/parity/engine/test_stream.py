"""The vocoder in chunks: joined, they are the whole."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from tests.closeness import squared_error
from tests.engine_calls import PLAIN, tokens_of, voice_of
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("chunk_frames", [1, 7, 30])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_chunks_of_the_vocoder_are_the_whole(model_file, weight_type, chunk_frames):
    """In int8, tiles begin where a chunk begins: the same to its rounding, and no step at a seam."""
    model = tiny_model()
    path, rng = model_file(model, weight_type), np.random.default_rng(2)
    frames = 45
    mel = rng.standard_normal((frames, model.config.audio.num_mels), np.float32)
    f0 = np.where(np.arange(frames) % 20 < 13, 200 * rng.random(frames) + 80, 0).astype("f4")
    noise = rng.standard_normal(frames * model.config.audio.hop_samples, np.float32)
    whole, chunked = (
        probe.vocode(probe.Model(str(path)), mel, f0, noise, size)
        for size in (frames, chunk_frames)
    )
    if weight_type == "f32":
        np.testing.assert_array_equal(chunked, whole)
        return
    assert squared_error(chunked, whole) < 5e-4
    seams = np.arange(chunk_frames, frames, chunk_frames) * model.config.audio.hop_samples
    jumps = np.abs(np.diff(chunked - whole))[seams - 1]
    assert jumps.max() < 0.05 * np.abs(whole).max()


@pytest.mark.parametrize("watermark", [None, 7])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_stream_is_what_is_synthesized(model_file, weight_type, watermark):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model, weight_type)), 1)
    call = (tokens_of(model, 60), *voice_of(model))
    samples, _ = engine.synthesize(*call, **PLAIN, watermark=watermark)
    plain, _ = engine.synthesize(*call, **PLAIN)
    assert np.array_equal(samples, plain) == (watermark is None)
    utterance, chunks = engine.start(*call, **PLAIN, watermark=watermark), []
    while (chunk := utterance.next_chunk()) is not None:
        chunks.append(chunk)
    assert len(chunks) > 3
    np.testing.assert_array_equal(np.concatenate(chunks), samples)
