"""Phase and pulses: C++ against PyTorch, and PyTorch against the sum that it stands for."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.pulse_train import integrate_phase, interpolate_f0, pulse_train
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

AUDIO = AudioConfig(24000, 300, 1200, 1200)


def f0_of(frames: int) -> np.ndarray:
    """(frames,) in Hz, with voiced stretches of every length and gaps between them."""
    rng = np.random.default_rng(frames)
    return np.where(rng.random(frames) > 0.3, rng.uniform(60, 400, frames), 0).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 2, 3, 80])
@pytest.mark.parametrize("hop", [300, 75])
def test_engine_equals_twin(frames, hop):
    audio = AudioConfig(24000, hop, 4 * hop, 4 * hop)
    f0 = f0_of(frames)
    phase, pulses = probe.pulse_train(f0, asdict(audio))
    rows = torch.from_numpy(f0).unsqueeze(0)
    expected = integrate_phase(rows, audio)
    apart = np.abs(phase - expected[0].numpy())
    assert np.minimum(apart, 1 - apart).max() < 1e-6
    twin = pulse_train(rows, torch.from_numpy(phase).unsqueeze(0), audio)[0].numpy()
    assert twin.any() == f0.any()
    if f0.any():
        assert squared_error(pulses, twin) < CEILING["f32"]


def test_pulses_are_the_sum_of_their_cosines():
    f0 = torch.full((1, 4), 210.0)
    phase = integrate_phase(f0, AUDIO)
    harmonics = torch.arange(1, 53).double()  # 52 * 210 Hz is the last below 11 kHz
    expected = torch.cos(2 * torch.pi * harmonics[:, None] * phase.double()).sum(0)
    torch.testing.assert_close(
        pulse_train(f0, phase, AUDIO)[0].double(), expected, atol=0.02, rtol=1e-3
    )


def test_f0_is_linear_between_middles_and_held_at_the_edges_of_voice():
    hz = interpolate_f0(torch.tensor([[0.0, 100.0, 200.0, 0.0, 0.0]]), 4)[0].tolist()
    assert hz == [
        0,
        0,
        100,
        100,
        100,
        100,
        100,
        125,
        150,
        175,
        200,
        200,
        200,
        200,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
