"""Less noise under speech: C++ against PyTorch, and what it does to noise and to speech."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import reduce_noise
from muspeaker.twin.dsp import noise_reduction as twin

pytestmark = pytest.mark.torch

RATE_HZ = 24000
WINDOW = 1200


def bursts(seconds: float = 3.0, noise: float = 0.01, seed: int = 3) -> tuple[np.ndarray, ...]:
    """Harmonics of 130 Hz for .3 s of every .5 s, and steady noise; both (samples,) float32."""
    count = int(seconds * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 30))
    tone *= 0.1 * np.minimum(1, np.maximum(0, 20 * (0.15 - np.abs(time % 0.5 - 0.2))))
    rng = np.random.default_rng(seed)
    return tone.astype(np.float32), (noise * rng.standard_normal(count)).astype(np.float32)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def spoken(samples: np.ndarray) -> np.ndarray:
    """The middle of each burst."""
    return samples.reshape(-1, RATE_HZ // 2)[:, int(0.1 * RATE_HZ) : int(0.3 * RATE_HZ)]


def silent(samples: np.ndarray) -> np.ndarray:
    """Between bursts, a window away from them."""
    return samples.reshape(-1, RATE_HZ // 2)[:, int(0.42 * RATE_HZ) : int(0.48 * RATE_HZ)]


@pytest.mark.parametrize("count", [1, 599, 600, 601, 1200, 72001])
@pytest.mark.parametrize("window", [720, WINDOW])
def test_twin(count: int, window: int) -> None:
    tone, noise = bursts()
    samples = np.resize(tone + noise, count)
    expected = twin.reduce_noise(torch.from_numpy(samples), window).numpy()
    assert len(expected) == count
    np.testing.assert_allclose(reduce_noise(samples, window), expected, atol=2e-6)


def test_noise_falls_by_12_db_and_speech_stays() -> None:
    tone, noise = bursts()
    reduced = reduce_noise(tone + noise, WINDOW)
    assert level_db(silent(reduced)) - level_db(silent(noise)) == pytest.approx(-12, abs=1)
    assert level_db(spoken(reduced)) == pytest.approx(level_db(spoken(tone + noise)), abs=0.1)
    error, before = spoken(reduced - tone), spoken(noise)
    assert level_db(error) < level_db(before) - 3  # between the harmonics, too


def test_noise_that_nobody_hears_stays() -> None:
    tone, noise = bursts(noise=2e-4)
    samples = tone + noise
    np.testing.assert_array_equal(reduce_noise(samples, WINDOW), samples)
    assert torch.equal(
        twin.reduce_noise(torch.from_numpy(samples), WINDOW), torch.from_numpy(samples)
    )
    faint = reduce_noise(tone + 1.5 * noise, WINDOW)  # little is missing to 50 dB
    assert -6 < level_db(silent(faint)) - level_db(silent(1.5 * noise)) < -1


def test_digital_silence_is_no_noise() -> None:
    tone, noise = bursts()
    padded = np.concatenate([np.zeros(2 * RATE_HZ, np.float32), tone + noise])
    reduced = reduce_noise(padded, WINDOW)
    assert not reduced[:RATE_HZ].any()
    whole = reduce_noise(tone + noise, WINDOW)
    assert level_db(silent(reduced[2 * RATE_HZ :])) == pytest.approx(level_db(silent(whole)), abs=1)
    assert not reduce_noise(np.zeros(5000, np.float32), WINDOW).any()


@pytest.mark.parametrize("window", [0, -4, 1201, 28])
def test_wrong_windows(window: int) -> None:
    samples = np.zeros(5000, np.float32)
    with pytest.raises(ValueError, match=r"window must be of even length|transform"):
        reduce_noise(samples, window)


def test_wrong_shape() -> None:
    with pytest.raises(ValueError, match="samples"):
        reduce_noise(np.zeros((2, 5000), np.float32), WINDOW)
