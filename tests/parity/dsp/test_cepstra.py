"""Cepstra and their slopes: C++ against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp.cepstra import cepstral_features

pytestmark = pytest.mark.torch


def mel_of(frames: int, num_mels: int) -> np.ndarray:
    """(mels, frames) float32."""
    return np.random.default_rng(frames).standard_normal((num_mels, frames), np.float32) - 4


@pytest.mark.parametrize("frames", [1, 3, 90])
@pytest.mark.parametrize(("num_mels", "num_cepstra"), [(80, 16), (20, 7)])
def test_cepstral_features(frames, num_mels, num_cepstra):
    mel = mel_of(frames, num_mels)
    expected = cepstral_features(mel, num_cepstra)
    actual = probe.cepstral_features(mel.T, num_cepstra)
    np.testing.assert_allclose(actual, expected.T, atol=1e-5)


def test_no_frame_has_no_cepstra():
    with pytest.raises(ValueError, match="cepstra need at least one frame"):
        probe.cepstral_features(np.zeros((0, 80), np.float32), 16)
