"""Spectra of pulses, of noise and of a free part, mixed and brought to a mel, to samples."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from muspeaker.twin.dsp.band_interpolation import band_interpolation
from muspeaker.twin.dsp.mel import mel_from_magnitude
from muspeaker.twin.dsp.pulse_train import pulse_train

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

PLANES = 5
OVERLAP = 4  # hops in a window
LEVEL_OF_BAND = math.log(20.0)  # a bin's log-magnitude less the log-mel of its band
LOUDEST = 8.0  # natural log of a bin's magnitude, a limit for safety
LARGEST_CORRECTION = 2.0  # nats
HANN_POWER = 1.5  # sum of four squared Hann windows, a hop apart


def spectral_synthesis(
    planes: torch.Tensor,
    mel: torch.Tensor,
    f0: torch.Tensor,
    phase: torch.Tensor,
    noise: torch.Tensor,
    audio: AudioConfig,
) -> torch.Tensor:
    """Samples of one utterance.

    Source: the source-filter spectra of hibari-tts (Apache-2.0), with a mel to keep to.

    Args:
        planes: (batch, frames, 5, bins): log-gain and phase offset of the harmonic part, log-gain of the
            noise, log-magnitude and phase of the free part. Logarithms are relative to the mel's envelope.
        mel: (batch, mels, frames), natural-log mel.
        f0: (batch, frames) in Hz, 0 where unvoiced.
        phase: (batch, samples) of the fundamental, in cycles.
        noise: (batch, samples), standard normal.
        audio: The frame clock; a window is fft_samples long and four hops.

    Returns:
        (batch, samples).

    Raises:
        ValueError: If a window is of another length.
    """
    window = audio.window_samples
    if window != audio.fft_samples or window != OVERLAP * audio.hop_samples:
        raise ValueError(f"windows must be fft_samples and four hops, got {window} samples")
    pulses = spectrum(pulse_train(f0, phase, audio), 4.0 / window, audio)
    hiss = spectrum(noise, math.sqrt(8.0 / 3.0 / window), audio)
    mixed = mix(planes, mel, pulses, hiss, audio)
    return inverse(mixed * level_gains(mixed, mel, audio), audio)


def spectrum(samples: torch.Tensor, scale: float, audio: AudioConfig) -> torch.Tensor:
    """Windowed spectrum of (batch, samples), silence at both ends: (batch, frames, bins) complex."""
    edge = (audio.window_samples - audio.hop_samples) // 2
    frames = F.pad(samples, (edge, edge)).unfold(1, audio.window_samples, audio.hop_samples)
    spectra: torch.Tensor = torch.fft.rfft(frames * (_window(audio, samples.device) * scale))
    return spectra


def mix(
    planes: torch.Tensor,
    mel: torch.Tensor,
    pulses: torch.Tensor,
    hiss: torch.Tensor,
    audio: AudioConfig,
) -> torch.Tensor:
    """Sum of the harmonic part, the free part and the noise: (batch, frames, bins) complex."""
    envelope = mel.transpose(1, 2) @ band_interpolation(audio, mel.device) + LEVEL_OF_BAND
    harmonic_gain, harmonic_turn, noise_gain, free_gain, free_phase = planes.unbind(2)
    harmonic = torch.exp((harmonic_gain + envelope).clamp_max(LOUDEST))
    hissing = torch.exp((noise_gain + envelope).clamp_max(LOUDEST))
    free = torch.exp((free_gain + envelope).clamp_max(LOUDEST))
    turned = pulses * torch.polar(harmonic, math.pi * torch.tanh(harmonic_turn))
    return turned + torch.polar(free, free_phase) + hissing * hiss


def level_gains(mixed: torch.Tensor, mel: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Gain (batch, frames, bins) that brings a frame's bands to the mel, at most e squared either way."""
    magnitude = torch.sqrt(torch.view_as_real(mixed).square().sum(-1) + 1e-12).transpose(1, 2)
    lack = mel - mel_from_magnitude(magnitude, audio)
    lack = lack.clamp(-LARGEST_CORRECTION, LARGEST_CORRECTION)
    return torch.exp(lack.transpose(1, 2) @ band_interpolation(audio, mel.device))


def inverse(spectra: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Overlap and add (batch, frames, bins) to (batch, samples)."""
    window = audio.window_samples
    frames = torch.fft.irfft(spectra, window) * (_window(audio, spectra.device) / HANN_POWER)
    pieces = frames.unflatten(2, (OVERLAP, audio.hop_samples))
    added = sum(F.pad(pieces[:, :, i], (0, 0, i, OVERLAP - 1 - i)) for i in range(OVERLAP))
    assert isinstance(added, torch.Tensor)
    edge = (window - audio.hop_samples) // 2
    return added.flatten(1)[:, edge : edge + frames.shape[1] * audio.hop_samples]


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _window(audio: AudioConfig, device: torch.device) -> torch.Tensor:
    return torch.hann_window(audio.window_samples, device=device)
