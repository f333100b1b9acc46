"""True peaks of speech, kept below -1 dBFS by a gain that falls before a peak and rises after it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

CEILING = 0.87
REACH = 48  # samples of the gain's fall and rise, either way
TAPS = 24  # samples that a value between two of them depends on
PHASES = 7  # places between two samples where their peak is looked for


def limit_peaks(samples: torch.Tensor) -> torch.Tensor:
    """Keep true peaks below -1 dBFS.

    Source: ITU-R BS.1770-4, Annex 2, for true peaks.

    Args:
        samples: (channels, samples) float32; one gain is for all channels.

    Returns:
        The shape of samples, unchanged where no such peak is near.
    """
    x = samples.double()
    between = F.conv1d(
        F.pad(x, (TAPS // 2 - 1 + 2 * REACH, TAPS // 2 + 2 * REACH)).unsqueeze(1), _sincs()
    )
    itself = F.pad(x, (2 * REACH, 2 * REACH)).unsqueeze(1)
    peak = torch.cat([itself, between], 1).abs().amax((0, 1))  # (samples + 4 * REACH)
    excess = 1 - CEILING / peak.clamp_min(CEILING)
    largest = F.max_pool1d(excess.view(1, 1, -1), 2 * REACH + 1, 1)
    return (x * (1 - F.conv1d(largest, _curve())[0])).to(samples.dtype)


def _sincs() -> torch.Tensor:
    """Windowed sincs that interpolate at 1/8, 2/8 and so on after the sample in the middle, (7, 1, 24)."""
    places = torch.arange(TAPS, dtype=torch.float64) - (TAPS // 2 - 1)
    phases = torch.arange(1, PHASES + 1, dtype=torch.float64).unsqueeze(1) / (PHASES + 1)
    offsets = places - phases
    taps = torch.sinc(offsets) * torch.cos(math.pi * offsets / TAPS).square()
    return (taps / taps.sum(1, keepdim=True)).unsqueeze(1)


def _curve() -> torch.Tensor:
    """Hann's curve of sum 1, (1, 1, 2 * REACH + 1)."""
    steps = torch.arange(1, 2 * REACH + 2, dtype=torch.float64)
    return ((1 - torch.cos(math.pi * steps / (REACH + 1))) / (2 * (REACH + 1))).view(1, 1, -1)
