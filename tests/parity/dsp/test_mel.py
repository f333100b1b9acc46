"""LogMel of csrc/dsp against its PyTorch twin and against librosa."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin import features

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
TOLERANCE = 1e-4


def librosa_log_mel(samples: np.ndarray, audio: AudioConfig = AUDIO) -> np.ndarray:
    """The plain definition: (frames, num_mels)."""
    librosa = pytest.importorskip("librosa")
    padding = (audio.fft_samples - audio.hop_samples) // 2
    spectrum = librosa.stft(
        np.pad(samples, padding, mode="reflect"),
        n_fft=audio.fft_samples,
        hop_length=audio.hop_samples,
        win_length=audio.window_samples,
        center=False,
    )
    filters = librosa.filters.mel(
        sr=audio.sample_rate,
        n_fft=audio.fft_samples,
        n_mels=audio.num_mels,
        fmin=audio.mel_low_hz,
        fmax=audio.mel_high_hz,
    )
    return np.log(np.maximum(filters @ np.abs(spectrum), audio.mel_floor)).T


def twin_log_mel(samples: np.ndarray, audio: AudioConfig = AUDIO) -> np.ndarray:
    return features.log_mel(torch.from_numpy(samples)[None], audio)[0].T.numpy()


def assert_close(actual: np.ndarray, desired: np.ndarray) -> None:
    """Within the ceiling, or within single precision of the frame's loudest band.

    A transform rounds against the loudest bin: in single precision a band that lies 7 nepers
    below it is good to 1e-4, whoever computes it.
    """
    rounding = np.finfo(np.float32).eps * np.exp(desired.max(axis=1, keepdims=True) - desired)
    excess = np.abs(actual - desired) - TOLERANCE - rounding
    assert excess.max() <= 0, f"{excess.max():.2e} beyond the ceiling"


def test_three_agree(speech):
    samples = speech(AUDIO.sample_rate)
    mel = probe.log_mel(samples, asdict(AUDIO))
    assert mel.dtype == np.float32
    assert mel.shape == (samples.size // 256, 80)
    assert_close(mel, twin_log_mel(samples))
    assert_close(mel, librosa_log_mel(samples))


@pytest.mark.parametrize("num_samples", [385, 511, 512, 640, 1023, 1024, 1025, 2048, 5000])
def test_every_length(generated_audio, num_samples):
    samples = generated_audio(AUDIO.sample_rate, 1.0)[:num_samples]
    mel = probe.log_mel(samples, asdict(AUDIO))
    assert mel.shape == (num_samples // 256, 80)
    np.testing.assert_allclose(mel, twin_log_mel(samples), rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(mel, librosa_log_mel(samples), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"window_samples": 800},
        {"fft_samples": 2048},
        {"hop_samples": 320, "window_samples": 1000},
        {"num_mels": 40, "mel_low_hz": 60.0, "mel_high_hz": 11025.0},
        {"sample_rate": 16000, "mel_floor": 1e-3},
    ],
)
def test_sizes_come_from_config(generated_audio, changes):
    audio = replace(AUDIO, **changes)
    samples = generated_audio(audio.sample_rate, 1.0)
    mel = probe.log_mel(samples, asdict(audio))
    np.testing.assert_allclose(mel, twin_log_mel(samples, audio), rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(mel, librosa_log_mel(samples, audio), rtol=0, atol=TOLERANCE)


def test_energy_agrees(speech):
    samples = speech(AUDIO.sample_rate)
    energy = probe.log_energy(samples, asdict(AUDIO))
    twin = features.log_energy(torch.from_numpy(samples)[None])[0].numpy()
    assert energy.shape == (samples.size // 256,)
    np.testing.assert_allclose(energy, twin, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("num_samples", [0, 1, 384])
def test_too_few_samples(num_samples):
    samples = np.full(num_samples, 0.1, np.float32)
    message = f"at least 385 samples, got {num_samples}"
    with pytest.raises(ValueError, match=message):
        probe.log_mel(samples, asdict(AUDIO))
    with pytest.raises(ValueError, match=message):
        probe.log_energy(samples, asdict(AUDIO))
    with pytest.raises(ValueError, match=message):
        twin_log_mel(samples)


def test_wrong_axes():
    with pytest.raises(ValueError, match="samples must have 1 axes, got 2"):
        probe.log_mel(np.zeros((1, 4096), np.float32), asdict(AUDIO))
