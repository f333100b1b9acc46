"""Augmentation of log filter banks: cheap stand-ins for rooms, noise and narrow microphones."""

from __future__ import annotations

import torch

NOISE_FLOOR = (-4.0, -1.0)  # noise under the speech, natural log relative to its mean
HIDDEN_BANDS, HIDDEN_FRAMES = 8, 12


def augment(fbank: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Noise, a band limit and masked stripes, in the log filter-bank domain.

    Args:
        fbank: (batch, frames, fbanks) float32.
        generator: Source of all random numbers.

    Returns:
        The shape of fbank.
    """
    batch, _, bands = fbank.shape
    mean = fbank.mean((1, 2), keepdim=True)
    level = torch.empty(batch, 1, 1).uniform_(*NOISE_FLOOR, generator=generator)
    tilt = torch.empty(batch, 1, 1).uniform_(-2.0, 2.0, generator=generator)
    color = tilt * torch.linspace(0.5, -0.5, bands).view(1, 1, bands)
    flicker = 0.5 * torch.randn(fbank.shape, generator=generator)
    noisy = torch.logaddexp(fbank, mean + level + color + flicker)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.5
    x = torch.where(use, noisy, fbank)
    top = torch.randint(bands * 5 // 8, bands + 1, (batch, 1, 1), generator=generator)
    limited = torch.rand(batch, 1, 1, generator=generator) < 0.25
    x = torch.where(limited & (torch.arange(bands) >= top), mean - 6.0, x)
    return hide_stripes(x, generator)


def hide_stripes(fbank: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A stripe of bands and one of time put to the mean, in some rows.

    Source: Park et al. 2019 (arXiv:1904.08779), Section 2.

    Args:
        fbank: (batch, frames, fbanks) float32.
        generator: Source of all random numbers.

    Returns:
        The shape of fbank.
    """
    batch, frames, bands = fbank.shape
    start = torch.randint(0, bands - HIDDEN_BANDS, (batch, 1, 1), generator=generator)
    band = torch.arange(bands)
    stripe = (band >= start) & (band < start + HIDDEN_BANDS)
    start = torch.randint(0, frames - HIDDEN_FRAMES, (batch, 1, 1), generator=generator)
    time_axis = torch.arange(frames).view(1, frames, 1)
    gap = (time_axis >= start) & (time_axis < start + HIDDEN_FRAMES)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.3
    return torch.where(use & (stripe | gap), fbank.mean((1, 2), keepdim=True), fbank)


def unchanged(fbank: torch.Tensor, _generator: torch.Generator) -> torch.Tensor:
    """The same filter banks."""
    return fbank
