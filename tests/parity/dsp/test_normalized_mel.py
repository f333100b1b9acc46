"""A mel without its level and tilt: C++ against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp.normalized_mel import normalized_mel

pytestmark = pytest.mark.torch

NUM_MELS = 20


def mel_of(frames: int, num_mels: int = NUM_MELS) -> np.ndarray:
    """(frames, mels) float32, natural log; a corner of it too quiet to count."""
    mel = 3 * np.random.default_rng(frames).standard_normal((frames, num_mels), np.float32) - 4
    mel[: frames // 3, : num_mels // 2] -= 10
    return mel


@pytest.mark.parametrize("frames", [1, 2, 90, 1500])
@pytest.mark.parametrize("num_mels", [20, 80])
def test_normalized_mel(frames, num_mels):
    mel = mel_of(frames, num_mels)
    expected = normalized_mel(mel)
    assert expected.dtype == np.float32
    assert frames < 3 or (mel < mel.max() - 12).any()
    np.testing.assert_allclose(probe.normalized_mel(mel), expected.T, atol=1e-5)


def test_a_flat_mel_is_all_zero():
    mel = np.full((7, NUM_MELS), -3.0, np.float32)
    np.testing.assert_allclose(normalized_mel(mel), 0, atol=1e-9)
    np.testing.assert_allclose(probe.normalized_mel(mel), 0, atol=1e-9)


def test_no_frame_is_no_mel():
    with pytest.raises(ValueError, match="a mel needs one frame of 20 bands or more, got 0 values"):
        probe.normalized_mel(np.zeros((0, NUM_MELS), np.float32))
