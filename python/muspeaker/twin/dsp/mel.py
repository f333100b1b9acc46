"""Log-mel and log-energy, batched and differentiable."""

from __future__ import annotations

import math
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from muspeaker.config import AudioConfig

ENERGY_FLOOR = 1e-5
POWER_FLOOR = 1e-16  # keeps the gradient of the square root finite where the spectrum is zero


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Without autocast, which the device of sizes alone does not know."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


def num_frames(num_samples: int, audio: AudioConfig) -> int:
    """Count the frames that `log_mel` gives for a number of samples: whole hops."""
    return num_samples // audio.hop_samples


def num_samples(num_frames: int, audio: AudioConfig) -> int:
    """Count the samples that a number of frames spans."""
    return num_frames * audio.hop_samples


def magnitude_spectrum(samples: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Compute the short-time magnitude spectrum on the frame clock.

    Framing is HiFi-GAN's: (fft - hop) / 2 samples are reflected at both ends, frame t then covers
    the window centred at (t + 0.5) hops.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, fft / 2 + 1, frames) float32 with frames = samples // hop.

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    padding = (audio.fft_samples - audio.hop_samples) // 2
    if samples.dim() != 2:
        raise ValueError(f"samples must be (batch, samples), got shape {tuple(samples.shape)}")
    if samples.shape[1] < max(padding + 1, audio.hop_samples):
        raise ValueError(
            f"samples must hold at least {max(padding + 1, audio.hop_samples)} samples, "
            f"got {samples.shape[1]}"
        )
    with full_precision(samples.device):
        padded = F.pad(samples.float(), (padding, padding), mode="reflect")
        spectrum = torch.stft(
            padded,
            n_fft=audio.fft_samples,
            hop_length=audio.hop_samples,
            win_length=audio.window_samples,
            window=_hann_window(audio.window_samples, samples.device),
            center=False,
            return_complex=True,
        )  # (batch, bins, frames)
        return torch.view_as_real(spectrum).square().sum(-1).clamp_min(POWER_FLOOR).sqrt()


def mel_from_magnitude(magnitude: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Reduce (batch, bins, frames) magnitudes to (batch, num_mels, frames) natural-log mel."""
    with full_precision(magnitude.device):
        mel = _mel_filters(audio, magnitude.device) @ magnitude
        return mel.clamp_min(audio.mel_floor).log()


def energy_from_magnitude(magnitude: torch.Tensor) -> torch.Tensor:
    """Reduce (batch, bins, frames) magnitudes to (batch, frames), natural log of the L2 norm."""
    return magnitude.square().sum(1).sqrt().clamp_min(ENERGY_FLOOR).log()


def log_mel(samples: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Compute the log-mel spectrogram of the model: slaney mel, magnitude, natural log.

    Source: Kong et al. 2020 (HiFi-GAN, arXiv:2010.05646), the features of its published code, with
    the filters of librosa.filters.mel.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, num_mels, frames) float32, not below log(mel_floor).

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    return mel_from_magnitude(magnitude_spectrum(samples, audio), audio)


def log_energy(samples: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Compute the log-energy: natural log of the L2 norm of each frame's magnitude spectrum.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, frames) float32, not below log(1e-5).

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    return energy_from_magnitude(magnitude_spectrum(samples, audio))


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # cached tensors must stay usable where gradients flow
def _hann_window(window_samples: int, device: torch.device) -> torch.Tensor:
    """Build the periodic Hann window, (window,) float32."""
    return torch.hann_window(window_samples, periodic=True, dtype=torch.float64).float().to(device)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _mel_filters(audio: AudioConfig, device: torch.device) -> torch.Tensor:
    """Build slaney's area-normalised triangles, (num_mels, fft / 2 + 1) float32."""
    edges_hz, bins_hz = mel_edges_hz(audio), fft_bins_hz(audio)
    left, centre, right = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rise = (bins_hz - left) / (centre - left)
    fall = (right - bins_hz) / (right - centre)
    filters = torch.minimum(rise, fall).clamp_min(0.0) * (2.0 / (right - left))
    return filters.float().to(device)


def mel_edges_hz(audio: AudioConfig) -> torch.Tensor:
    """(num_mels + 2,) float64: each triangle begins at one, peaks at the next, ends at the third."""
    low, high = _hz_to_slaney(audio.mel_low_hz), _hz_to_slaney(audio.mel_high_hz)
    edges_mel = torch.linspace(low, high, audio.num_mels + 2, dtype=torch.float64)
    return torch.tensor([_slaney_to_hz(mel) for mel in edges_mel.tolist()], dtype=torch.float64)


def fft_bins_hz(audio: AudioConfig) -> torch.Tensor:
    """(fft / 2 + 1,) float64."""
    bins = torch.arange(audio.fft_samples // 2 + 1, dtype=torch.float64)
    return bins * audio.sample_rate / audio.fft_samples


def _hz_to_slaney(hz: float) -> float:
    """Map Hz to slaney's mel: linear to 1 kHz, logarithmic above."""
    return hz * 3.0 / 200.0 if hz < 1000.0 else 15.0 + 27.0 * math.log(hz / 1000.0) / math.log(6.4)


def _slaney_to_hz(mel: float) -> float:
    """Invert `_hz_to_slaney`."""
    return mel * 200.0 / 3.0 if mel < 15.0 else 1000.0 * math.exp((mel - 15.0) * math.log(6.4) / 27)
