"""LogMel of csrc/dsp against its PyTorch twin and against librosa."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import (
    _hann_window,
    _mel_filters,
    log_energy,
    log_mel,
    num_frames,
    num_samples,
)

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
    return log_mel(torch.from_numpy(samples)[None], audio)[0].T.numpy()


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


@pytest.mark.parametrize("count", [385, 511, 512, 640, 1023, 1024, 1025, 2048, 5000])
def test_every_length(generated_audio, count):
    samples = generated_audio(AUDIO.sample_rate, 1.0)[:count]
    mel = probe.log_mel(samples, asdict(AUDIO))
    assert mel.shape == (count // 256, 80)
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
    twin = log_energy(torch.from_numpy(samples)[None], AUDIO)[0].numpy()
    assert energy.shape == (samples.size // 256,)
    np.testing.assert_allclose(energy, twin, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("count", [0, 1, 384])
def test_too_few_samples(count):
    samples = np.full(count, 0.1, np.float32)
    message = f"at least 385 samples, got {count}"
    with pytest.raises(ValueError, match=message):
        probe.log_mel(samples, asdict(AUDIO))
    with pytest.raises(ValueError, match=message):
        probe.log_energy(samples, asdict(AUDIO))
    with pytest.raises(ValueError, match=message):
        twin_log_mel(samples)


def test_wrong_axes():
    with pytest.raises(ValueError, match="samples must have 1 axes, got 2"):
        probe.log_mel(np.zeros((1, 4096), np.float32), asdict(AUDIO))


@pytest.fixture
def batch(generated_audio) -> torch.Tensor:
    return torch.from_numpy(np.stack([generated_audio(22050, 1.0, seed) for seed in range(3)]))


def test_shapes_and_dtypes(batch):
    frames = 22050 // 256
    for samples in (batch, batch.double()):
        assert log_mel(samples, AUDIO).shape == (3, 80, frames)
        assert log_mel(samples, AUDIO).dtype == torch.float32
        assert log_energy(samples, AUDIO).shape == (3, frames)
    assert num_frames(22050, AUDIO) == frames


@pytest.mark.parametrize("function", [log_mel, log_energy])
def test_batch_equals_singles(batch, function):
    singles = torch.cat([function(samples[None], AUDIO) for samples in batch])
    torch.testing.assert_close(function(batch, AUDIO), singles, rtol=0, atol=1e-5)


def test_energy_is_l2_norm(batch):
    audio = AudioConfig()
    padded = np.pad(batch[0].double().numpy(), 384, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    for frame in (0, 1, 40, num_frames(22050, AUDIO) - 1):
        start = frame * audio.hop_samples
        spectrum = np.fft.rfft(padded[start : start + 1024] * window)
        expected = np.log(max(np.linalg.norm(np.abs(spectrum)), 1e-5))
        assert log_energy(batch, AUDIO)[0, frame].item() == pytest.approx(expected, abs=1e-4)


def test_silence_is_the_floor():
    silence = torch.zeros(1, 4096)
    floor = float(np.log(np.float32(1e-5)))
    assert log_mel(silence, AUDIO).unique().tolist() == pytest.approx([floor])
    assert log_energy(silence, AUDIO).unique().tolist() == pytest.approx([floor])


@pytest.mark.parametrize("function", [log_mel, log_energy])
def test_gradients_are_finite_at_silence(batch, function):
    samples = batch.clone()
    samples[0] = 0.0
    samples.requires_grad_()
    function(samples, AUDIO).sum().backward()
    assert torch.isfinite(samples.grad).all()
    assert samples.grad[1:].abs().sum() > 0


def test_gradient_of_log_mel_is_right():
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(1, 2048, generator=generator) * 0.1
    samples.requires_grad_()
    log_mel(samples, AUDIO).mean().backward()
    direction = torch.randn(1, 2048, generator=generator) * 0.1
    with torch.no_grad():
        step = 1e-3
        ahead = log_mel(samples + step * direction, AUDIO).double().mean()
        behind = log_mel(samples - step * direction, AUDIO).double().mean()
    slope = (samples.grad * direction).sum().item()
    assert slope == pytest.approx(((ahead - behind) / (2 * step)).item(), rel=0.02)


def test_tables_made_under_inference_mode_still_train(batch):
    for table in (_hann_window, _mel_filters):
        table.cache_clear()
    with torch.inference_mode():
        log_mel(batch, AUDIO)
    samples = batch.clone().requires_grad_()
    log_mel(samples, AUDIO).sum().backward()
    assert samples.grad is not None


def test_autocast_does_not_reach_it(batch):
    expected = log_mel(batch, AUDIO)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(log_mel(batch, AUDIO), expected, rtol=0, atol=0)


def test_frame_clock():
    audio = replace(AudioConfig(), sample_rate=16000, hop_samples=160)
    assert num_samples(100, audio) == 16000
    assert num_frames(16159, audio) == 100


@pytest.mark.parametrize("function", [log_mel, log_energy])
def test_bad_shapes(function):
    with pytest.raises(ValueError, match="at least 385 samples, got 384"):
        function(torch.zeros(1, 384), AUDIO)
    with pytest.raises(ValueError, match="got 0"):
        function(torch.zeros(1, 0), AUDIO)
    with pytest.raises(ValueError, match=r"\(batch, samples\), got shape \(4096,\)"):
        function(torch.zeros(4096), AUDIO)
