"""Augmentations do what they are called: noise at its level, an echo, a narrow band, another throat."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("parselmouth")

from scipy.signal import lfilter

from muspeaker.config import AudioConfig
from muspeaker.train.corpus import augment
from muspeaker.train.corpus.clip import track_f0

pytestmark = pytest.mark.torch

RATE_HZ = 22050
FORMANTS_HZ = (700.0, 1900.0)


def vowel(pitch_hz: float = 150.0, seconds: float = 1.0) -> np.ndarray:
    """Pulses through two resonances, (samples,) float32."""
    count = int(seconds * RATE_HZ) // 256 * 256
    pulses = np.zeros(count)
    pulses[(np.arange(0, seconds, 1 / pitch_hz)[:-1] * RATE_HZ).astype(int)] = 1.0
    for hz in FORMANTS_HZ:
        radius, angle = np.exp(-np.pi * 90 / RATE_HZ), 2 * np.pi * hz / RATE_HZ
        pulses = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], pulses)
    return (0.3 * pulses / np.abs(pulses).max()).astype(np.float32)


def band_power(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum())


def peak_hz(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Where the spectral envelope is highest between two frequencies."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    width = int(250 * len(samples) / RATE_HZ)
    smooth = np.convolve(power, np.hanning(width), "same")
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    inside = (hz >= low_hz) & (hz < high_hz)
    return float(hz[inside][np.argmax(smooth[inside])])


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_as_loud_as_it_was_drawn(seed):
    speech = vowel()
    noise = augment.add_noise(speech, np.random.default_rng(seed)) - speech
    ratio = 10 * np.log10(np.mean(speech**2) / np.mean(noise**2))
    assert augment.NOISE_DB[0] - 0.1 <= ratio <= augment.NOISE_DB[1] + 0.1


def test_reverberation_rings_on_and_keeps_the_level():
    speech = np.concatenate([vowel(seconds=0.5), np.zeros(RATE_HZ // 2, np.float32)])
    wet = augment.reverberate(speech, RATE_HZ, np.random.default_rng(0))
    assert wet.shape == speech.shape
    assert np.mean(wet**2) == pytest.approx(np.mean(speech**2), rel=1e-4)
    tail = slice(RATE_HZ // 2, RATE_HZ // 2 + RATE_HZ // 20)
    assert np.abs(speech[tail]).max() == 0
    assert np.mean(wet[tail] ** 2) > 1e-3 * np.mean(speech**2)
    assert np.mean(wet[-RATE_HZ // 20 :] ** 2) < 0.1 * np.mean(wet[tail] ** 2)


def test_a_narrow_band_keeps_the_middle_alone():
    noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
    limited = augment.limit(noise, RATE_HZ, np.random.default_rng(1))
    assert band_power(limited, 600, 3000) > 0.9 * band_power(noise, 600, 3000)
    assert band_power(limited, 8500, 11000) < 0.05 * band_power(noise, 8500, 11000)
    assert band_power(limited, 0, 20) < 0.05 * band_power(noise, 0, 20)


def test_shares_decide_what_is_done():
    speech = vowel()
    never, always = augment.Augmentation(0, 0, 0), augment.Augmentation(1, 1, 1)
    assert np.array_equal(never(speech, RATE_HZ, np.random.default_rng(0)), speech)
    first, second = (always(speech, RATE_HZ, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(always(speech, RATE_HZ, np.random.default_rng(6)), first)
    sometimes = augment.Augmentation(0.5, 0, 0)
    changed = [
        not np.array_equal(sometimes(speech, RATE_HZ, np.random.default_rng(seed)), speech)
        for seed in range(40)
    ]
    assert 10 < sum(changed) < 30


@pytest.mark.parametrize(("warp", "pitch", "formants"), [("1.3:1", 1.3, 1), ("1:1.2", 1, 1.2)])
def test_world_moves_pitch_and_formants_apart(warp, pitch, formants):
    pytest.importorskip("pyworld")
    speech = vowel()
    warped = augment.warp_voice(speech, RATE_HZ, warp)
    assert warped.shape == speech.shape
    before, after = (track_f0(x, AudioConfig()) for x in (speech, warped))
    assert np.median(after[after > 0]) == pytest.approx(
        pitch * np.median(before[before > 0]), rel=0.03
    )
    moved = peak_hz(warped, 1300, 2800) / peak_hz(speech, 1300, 2800)
    assert moved == pytest.approx(formants, abs=0.07)


@pytest.mark.parametrize("warp", ["1.2", "a:b", "0.1:1", "1:9", ""])
def test_a_malformed_warp_is_refused(warp):
    with pytest.raises(ValueError, match="expected PITCH:FORMANTS"):
        augment.parse_warp(warp)
