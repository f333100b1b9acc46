"""Losses of the vocoder stage, pure functions, with one table of their weights."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from muspeaker.config import AudioConfig
from muspeaker.train.loop.distributed import joint_mean
from muspeaker.twin.dsp.mel import mel_from_magnitude

if TYPE_CHECKING:
    from collections.abc import Sequence

WEIGHTS = {
    "mel": 10.0, "stft": 2.0, "loud": 20.0, "levels": 0.0, "phase": 0.0,
    "features": 8.0, "adversarial": 3.0,
}  # fmt: skip
MEL_SCALES = (
    (4096, 1024, 160),
    (2048, 512, 128),
    (1024, 256, 80),
    (512, 128, 48),
    (256, 64, 24),
)  # fft, hop, mels
ALL_SCALES = tuple(range(len(MEL_SCALES)))
STFT_FLOOR = 1e-3


@functools.cache
def _mel_audio(sample_rate: int) -> tuple[AudioConfig, ...]:
    """The mel of each scale, up to half the sample rate."""
    return tuple(
        AudioConfig(
            sample_rate=sample_rate, fft_samples=fft, num_mels=mels, mel_high_hz=sample_rate / 2
        )
        for fft, _, mels in MEL_SCALES
    )


@functools.cache
def _hann(samples: int, device: torch.device) -> torch.Tensor:
    return torch.hann_window(samples, device=device)


def magnitude(samples: torch.Tensor, fft: int, hop: int) -> torch.Tensor:
    """(batch, bins, frames) magnitudes of (batch, samples)."""
    window = _hann(fft, samples.device)
    spectrum = torch.stft(samples.float(), fft, hop, fft, window, return_complex=True)
    return torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-10)


def limit_band(samples: torch.Tensor, band_hz: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Remove what lies above each clip's own band, so that no loss looks there.

    Args:
        samples: (batch, samples) float32.
        band_hz: (batch,) highest frequency that the recording can hold.
        sample_rate: Samples per second.

    Returns:
        (batch, samples) float32, low-passed at 95 % of the band.
    """
    spectrum = torch.fft.rfft(samples.float())
    hz = torch.linspace(0, sample_rate / 2, spectrum.shape[-1], device=samples.device)
    keep = (hz.unsqueeze(0) <= 0.95 * band_hz.unsqueeze(1)) | (
        band_hz.unsqueeze(1) >= sample_rate / 2 - 1
    )
    return torch.fft.irfft(spectrum * keep, n=samples.shape[-1])


def log_spectra(
    samples: torch.Tensor, sample_rate: int, scales: Sequence[int] = ALL_SCALES
) -> list[torch.Tensor]:
    """Log-mel and log-magnitude spectra at some scales.

    Args:
        samples: (batch, samples) float32.
        sample_rate: Samples per second.
        scales: Indices of `MEL_SCALES`.

    Returns:
        (batch, mels or bins, frames) for each scale, all mels first.
    """
    magnitudes = [magnitude(samples, *MEL_SCALES[i][:2]) for i in scales]
    audios = [_mel_audio(sample_rate)[i] for i in scales]
    mels = [mel_from_magnitude(m, audio) for m, audio in zip(magnitudes, audios, strict=True)]
    return mels + [torch.log(m.clamp(min=STFT_FLOOR)) for m in magnitudes]


def spectral_losses(
    fakes: tuple[torch.Tensor, torch.Tensor],
    real: torch.Tensor,
    sample_rate: int,
    scales: Sequence[int] = ALL_SCALES,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energy distance of log-mel, log-magnitude and linear mel spectra.

    Two renderings of one mel, from two noises, are drawn to the recording and pushed from each other.
    Without the push the best answer to noise is a pulse in each frame, which is heard as a buzz at the frame
    rate. Logarithms weigh all bands alike; the linear term is for the loud ones, the formants of a voice.

    Source: Gritsenko et al. 2020 (arXiv:2008.01160), Eq. 4, with L1 of log spectra as the distance.

    Args:
        fakes: Two (batch, samples) float32.
        real: (batch, samples) float32.
        sample_rate: Samples per second.
        scales: Indices of `MEL_SCALES`.

    Returns:
        Three scalars, averaged over the scales; the last is relative to the recording's mean.
    """
    first, second, target = (log_spectra(x, sample_rate, scales) for x in (*fakes, real))
    count = len(scales)
    loud = [
        energy_distance(*(torch.exp(x) / joint_mean(torch.exp(c).mean()) for x in (a, b, c)))
        for a, b, c in zip(first[:count], second[:count], target[:count], strict=True)
    ]
    losses = [energy_distance(*spectra) for spectra in zip(first, second, target, strict=True)]
    mels, magnitudes = losses[:count], losses[count:]
    return torch.stack(mels).mean(), torch.stack(magnitudes).mean(), torch.stack(loud).mean()


def energy_distance(a: torch.Tensor, b: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean L1 of two samples from the target, less half of that between them; scalar."""
    return 0.5 * ((a - target).abs().mean() + (b - target).abs().mean() - (a - b).abs().mean())
