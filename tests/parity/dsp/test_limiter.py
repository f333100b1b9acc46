"""True peaks against C++, chunks of every size against the whole, and against an oversampled reference."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
scipy_signal = pytest.importorskip("scipy.signal")

from muspeaker._core import Limiter
from muspeaker.twin.dsp.limiter import limit_peaks

pytestmark = pytest.mark.torch

MOST = 10 ** (-1 / 20)


def in_cpp(samples: np.ndarray, piece: int | None = None) -> np.ndarray:
    """(channels, samples), so many samples at a time."""
    limiter = Limiter(len(samples))
    frames = np.ascontiguousarray(samples.T)
    size = piece or max(1, len(frames))
    given = [limiter.take(frames[i : i + size]) for i in range(0, len(frames), size)]
    return np.concatenate([*given, limiter.take(frames[:0], is_last=True)]).T


def loud(speech, gain: float) -> np.ndarray:
    samples = speech(24000)[:24000]
    return (samples * np.float32(gain / np.abs(samples).max()))[None]


@pytest.mark.parametrize("gain", [0.5, 0.88, 1.5, 4.0])
def test_both_languages_agree_and_pieces_are_the_whole(speech, gain):
    mono = loud(speech, gain)
    for samples in (mono, np.concatenate([mono, mono[:, ::-1] / 2])):
        whole = in_cpp(samples)
        assert whole.shape == samples.shape
        np.testing.assert_allclose(
            whole, limit_peaks(torch.from_numpy(samples.copy())).numpy(), atol=1e-6
        )
        for piece in (1, 7, 100, 4096):
            np.testing.assert_array_equal(in_cpp(samples, piece), whole)


@pytest.mark.parametrize("gain", [0.95, 1.5, 4.0, 20.0])
def test_no_true_peak_is_above_one_decibel(speech, gain):
    shrill = np.diff(loud(speech, 1.0), prepend=0.0)
    for samples in (loud(speech, gain), gain * shrill / np.abs(shrill).max()):
        between = scipy_signal.resample_poly(in_cpp(samples.astype(np.float32))[0], 8, 1)
        assert np.abs(between).max() <= MOST


def test_what_is_soft_enough_is_not_changed(speech):
    samples = loud(speech, 0.7)
    np.testing.assert_array_equal(in_cpp(samples), samples)
    assert in_cpp(samples[:, :0]).shape == (1, 0)


@pytest.mark.parametrize("channels", [1, 2])
def test_bursts_between_soft_passages(channels):
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.choice([0.02, 0.1, 0.5], 40), 250)
    samples = (levels * rng.standard_normal((channels, 10_000))).astype(np.float32)
    whole = in_cpp(samples)
    assert not np.array_equal(whole, samples)
    np.testing.assert_allclose(
        whole, limit_peaks(torch.from_numpy(samples.copy())).numpy(), atol=1e-6
    )
    for piece in (1, 97, 1000):
        np.testing.assert_array_equal(in_cpp(samples, piece), whole)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("at", [0, 4000, 4096, 8180, 15_980])
def test_a_burst_between_long_soft_passages(channels, at):
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, (channels, 16_000)).astype(np.float32)
    samples[:, at : at + 20] *= 20.0
    samples[:, 12_000:12_010] *= 12.0
    whole = in_cpp(samples)
    changed = np.flatnonzero((whole != samples).any(axis=0))
    assert at in changed
    assert len(changed) < 500
    twin = limit_peaks(torch.from_numpy(samples.copy())).numpy()
    np.testing.assert_allclose(whole, twin, atol=1e-6)
    for piece in (97, 4096, 5000):
        np.testing.assert_array_equal(in_cpp(samples, piece), whole)


def test_only_what_is_near_a_peak_changes():
    samples = np.full((1, 1000), 0.1, np.float32)
    samples[0, 500] = 1.5
    limited = in_cpp(samples)
    changed = np.flatnonzero(limited != samples)
    assert 500 - 110 <= changed.min() < changed.max() <= 500 + 110
    assert 0.8 < limited[0, 500] <= 0.88
    assert np.abs(np.diff(limited[0] / samples[0])).max() < 0.02  # the gain has no step
