"""Kaldi filter-bank features, the input of the timbre encoder."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F

from muspeaker.config import FBANK_RATE_HZ as FBANK_RATE_HZ  # noqa: PLC0414 (exported)
from muspeaker.twin.dsp.mel import full_precision

FBANK_WINDOW_SAMPLES = 400
FBANK_HOP_SAMPLES = 160
FBANK_FFT_SAMPLES = 512
FBANK_LOW_HZ = 20.0
FBANK_PREEMPHASIS = 0.97
FBANK_EPSILON = 1.1920928955078125e-07


def num_fbank_frames(num_samples: int) -> int:
    """Count the frames of `kaldi_fbank`: only whole windows count (Kaldi's snip_edges)."""
    if num_samples < FBANK_WINDOW_SAMPLES:
        return 0
    return 1 + (num_samples - FBANK_WINDOW_SAMPLES) // FBANK_HOP_SAMPLES


def kaldi_fbank(samples_16k: torch.Tensor, num_fbanks: int = 80) -> torch.Tensor:
    """Compute Kaldi's log filter banks, the input of ERes2NetV2 before its mean is removed.

    25 ms Povey window, 10 ms hop, mean of each window removed, pre-emphasis 0.97, no dither, power
    spectrum of 512 points, 20 Hz to 8 kHz, natural log with Kaldi's epsilon.

    Args:
        samples_16k: (batch, samples) floating point in [-1, 1] at 16 kHz, not scaled to int16.
        num_fbanks: Number of filters.

    Returns:
        (batch, frames, num_fbanks) float32; `remove_time_mean` makes it the encoder's input.

    Raises:
        ValueError: If samples_16k is not 2-D or shorter than one window.
    """
    if samples_16k.dim() != 2:
        raise ValueError(
            f"samples_16k must be (batch, samples), got shape {tuple(samples_16k.shape)}"
        )
    if samples_16k.shape[1] < FBANK_WINDOW_SAMPLES:
        raise ValueError(
            f"samples_16k must hold at least {FBANK_WINDOW_SAMPLES} samples, "
            f"got {samples_16k.shape[1]}"
        )
    device = samples_16k.device
    with full_precision(device):
        frames = samples_16k.float().unfold(1, FBANK_WINDOW_SAMPLES, FBANK_HOP_SAMPLES)
        frames = frames - frames.mean(-1, keepdim=True)  # (batch, frames, window)
        previous = F.pad(frames, (1, 0), mode="replicate")[..., :-1]
        frames = (frames - FBANK_PREEMPHASIS * previous) * _povey_window(device)
        spectrum = torch.fft.rfft(frames, n=FBANK_FFT_SAMPLES)
        power = torch.view_as_real(spectrum).square().sum(-1)  # (batch, frames, bins)
        fbank = power @ _kaldi_filters(num_fbanks, device).T
        return fbank.clamp_min(FBANK_EPSILON).log()


def remove_time_mean(fbank: torch.Tensor) -> torch.Tensor:
    """Subtract the mean over time from (batch, frames, num_fbanks); what TimbreEncoder expects."""
    return fbank - fbank.mean(1, keepdim=True)


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _povey_window(device: torch.device) -> torch.Tensor:
    """Build Kaldi's Povey window: a symmetric Hann window to the power 0.85, (window,) float32."""
    hann = torch.hann_window(FBANK_WINDOW_SAMPLES, periodic=False, dtype=torch.float64)
    return hann.clamp_min(0.0).pow(0.85).float().to(device)


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _kaldi_filters(num_fbanks: int, device: torch.device) -> torch.Tensor:
    """Build Kaldi's triangles, straight on the mel scale, (num_fbanks, fft / 2 + 1) float32.

    Kaldi computes them in single precision, and its rounding shows in the features; so do we.
    """
    low = _hz_to_kaldi(torch.tensor(FBANK_LOW_HZ))
    high = _hz_to_kaldi(torch.tensor(FBANK_RATE_HZ / 2))
    step = (high - low) / (num_fbanks + 1)
    edges_mel = low + step * torch.arange(num_fbanks + 2)
    bins_hz = torch.arange(FBANK_FFT_SAMPLES // 2 + 1) * (FBANK_RATE_HZ / FBANK_FFT_SAMPLES)
    bins_mel = _hz_to_kaldi(bins_hz)
    left, centre, right = edges_mel[:-2, None], edges_mel[1:-1, None], edges_mel[2:, None]
    rise = (bins_mel - left) / (centre - left)
    fall = (right - bins_mel) / (right - centre)
    filters = torch.minimum(rise, fall).clamp_min(0.0)
    filters[:, -1] = 0.0  # Kaldi leaves the Nyquist bin out
    return filters.to(device)


def _hz_to_kaldi(hz: torch.Tensor) -> torch.Tensor:
    """Map Hz to Kaldi's mel."""
    return 1127.0 * torch.log(1.0 + hz / 700.0)
