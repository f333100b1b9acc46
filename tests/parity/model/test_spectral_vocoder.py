"""SpectralVocoder in C++ against PyTorch, noise and phase given."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.model_reader import without_header_sum
from tests.tiny_model import spectral_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = spectral_config()


def inputs_of(model, frames: int) -> tuple[torch.Tensor, ...]:
    """mel (1, mels, frames), f0 (1, frames), phase and noise (1, samples)."""
    generator = torch.Generator().manual_seed(frames)
    mel = torch.randn(1, CONFIG.audio.num_mels, frames, generator=generator) - 4
    f0 = 80 + 200 * torch.rand(1, frames, generator=generator)
    f0[:, frames // 3 : frames // 2] = 0
    phase = model.vocoder.integrate_phase(f0)
    return mel, f0, phase, torch.randn(phase.shape, generator=generator)


def run(path, inputs: tuple[torch.Tensor, ...], num_threads: int = 1) -> np.ndarray:
    mel, *others = (x[0].numpy() for x in inputs)
    return probe.spectral_vocoder(probe.Model(str(path), num_threads), mel.T, *others)


@pytest.mark.parametrize("frames", [1, 2, 37])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_vocoder(model_file, weight_type, frames):
    model = tiny_model(7, CONFIG)
    inputs = inputs_of(model, frames)
    expected = model.vocoder(*inputs)[0].numpy()
    actual = run(model_file(model, weight_type), inputs)
    # Gains are exponentials of what the head says, which raises its error by theirs.
    allowed = CEILING[weight_type] * (1 if weight_type == "f32" else 10)
    assert squared_error(actual, expected) < allowed


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_threads_give_the_same_bits(model_file, weight_type):
    model = tiny_model(7, CONFIG)
    path, inputs = model_file(model, weight_type), inputs_of(model, 90)
    np.testing.assert_array_equal(run(path, inputs, 1), run(path, inputs, 3))


@pytest.mark.parametrize("chunk_frames", [1, 7, 45])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_chunks_are_the_whole(model_file, weight_type, chunk_frames):
    """Bit for bit, in int8 as in float: int8 scales are those of single frames here."""
    path, rng = model_file(tiny_model(7, CONFIG), weight_type), np.random.default_rng(2)
    frames = 45
    mel = rng.standard_normal((frames, CONFIG.audio.num_mels), np.float32) - 4
    f0 = np.where(np.arange(frames) % 20 < 13, 200 * rng.random(frames) + 80, 0).astype("f4")
    noise = rng.standard_normal(frames * CONFIG.audio.hop_samples, np.float32)
    whole, chunked = (
        probe.vocode(probe.Model(str(path)), mel, f0, noise, size) for size in (1000, chunk_frames)
    )
    assert np.abs(whole).max() > 0.01
    np.testing.assert_array_equal(chunked, whole)


@pytest.mark.parametrize("wrong", [1, 2, 3])
def test_inputs_that_do_not_fit_are_refused(model_file, wrong):
    model = tiny_model(7, CONFIG)
    inputs = list(inputs_of(model, 9))
    inputs[wrong] = inputs[wrong][:, 1:]
    what = "9 frames of F0, got 8" if wrong == 1 else "samples of phase and noise, got"
    with pytest.raises(ValueError, match=what):
        model.vocoder(*inputs)
    with pytest.raises(ValueError, match=what):
        run(model_file(model, "f32"), tuple(inputs))


def test_header_without_a_size_is_refused(model_file, tmp_path):
    path = model_file(tiny_model(7, CONFIG), "f32")
    for size in (b"channels", b"hidden", b"num_blocks", b"kernel"):
        name = b"muspeaker.vocoder." + size
        content = without_header_sum(path.read_bytes())
        assert content.count(name) == 1
        broken = tmp_path / "broken.bin"
        broken.write_bytes(content.replace(name, name[:-1] + b"x"))
        with pytest.raises(_core.ModelFileError, match=f"vocoder.{size.decode()}"):
            _core.Synthesizer(str(broken), 1)
