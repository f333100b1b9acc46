"""HarmonicSource in C++ against PyTorch, phase and noise given."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.model.harmonic_source import integrate_phase
from tests.closeness import CEILING, squared_error
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()


def melody(frames: int) -> torch.Tensor:
    """Low, high (overtones beyond the Nyquist rate) and unvoiced by turns; (1, frames) in Hz."""
    generator = torch.Generator().manual_seed(frames)
    turns = torch.tensor([110.0, 1900.0, 0.0, 235.5])[torch.arange(frames) // 3 % 4]
    return (turns * (1 + 0.05 * torch.rand(frames, generator=generator))).unsqueeze(0)


def circular_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs((a - b + 0.5) % 1.0 - 0.5)


def test_phase_is_pytorchs():
    f0 = melody(2000)  # 23 s
    expected = integrate_phase(f0, AUDIO)[0].numpy()
    actual, _ = probe.integrate_phase(f0[0].numpy(), AUDIO.sample_rate, AUDIO.hop_samples)
    assert circular_distance(actual, expected).max() < 1e-6


@pytest.mark.parametrize("chunk", [1, 7])
def test_phase_in_chunks_is_the_same_bits(chunk):
    f0 = melody(40)[0].numpy()
    whole, _ = probe.integrate_phase(f0, AUDIO.sample_rate, AUDIO.hop_samples)
    parts, end = [], 0.0
    for first in range(0, f0.size, chunk):
        part, end = probe.integrate_phase(
            f0[first : first + chunk], AUDIO.sample_rate, AUDIO.hop_samples, end
        )
        parts.append(part)
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_source(model_file, num_threads):
    model = tiny_model(4)
    f0 = melody(25)
    phase = integrate_phase(f0, AUDIO)
    noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(0))
    expected = model.vocoder.harmonic_source(f0, phase, noise)[0].T.numpy()  # (samples, 1)
    # What the sines and the noise do shows only beside the bias.
    bias = np.tanh(model.vocoder.harmonic_source.merge.bias.numpy())
    engine = probe.Model(str(model_file(model)), num_threads)
    actual = probe.harmonic_source(engine, f0[0].numpy(), phase[0].numpy(), noise[0].numpy())
    assert squared_error(actual - bias, expected - bias) < CEILING["f32"]


def test_wrong_number_of_samples(model_file):
    engine = probe.Model(str(model_file(tiny_model())))
    samples = np.zeros(500, np.float32)
    with pytest.raises(ValueError, match="needs 512 samples of phase and noise, got 500 and 500"):
        probe.harmonic_source(engine, np.zeros(2, np.float32), samples, samples)
