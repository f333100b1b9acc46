"""The pulses of a voice: phase of its fundamental, and all its cosines in closed form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

TOP_HZ = 11000.0
PEAK = 1e-4  # below it sin(x / 2) is taken for the middle of a pulse


def interpolate_f0(f0: torch.Tensor, hop_samples: int) -> torch.Tensor:
    """F0 at every sample: linear between the middles of voiced frames, held at their edges.

    Args:
        f0: (batch, frames) in Hz, 0 where unvoiced.
        hop_samples: Samples of a frame.

    Returns:
        (batch, samples) float64 in Hz; 0 where neither of the two nearest frames is voiced.
    """
    f0 = f0.double()
    held = torch.cat([f0[:, :1], f0, f0[:, -1:]], dim=1)  # a frame at an end is its own neighbour
    left, right = held[:, :-1], held[:, 1:]  # (batch, frames + 1), from each middle to the next
    left, right = torch.where(left > 0, left, right), torch.where(right > 0, right, left)
    share = torch.arange(hop_samples, dtype=torch.float64, device=f0.device) + hop_samples % 2 / 2
    spans = left.unsqueeze(2) + (right - left).unsqueeze(2) * (share / hop_samples)
    first = hop_samples - hop_samples // 2
    return spans.flatten(1)[:, first : first + f0.shape[1] * hop_samples]


def integrate_phase(f0: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Phase of the fundamental at every sample, summed in double precision.

    C++ goes frame by frame: `integrate_frame`, which contains `interpolate_f0`.

    Args:
        f0: (batch, frames) in Hz, 0 where unvoiced.
        audio: The frame clock.

    Returns:
        (batch, samples) float32 in cycles, in [0, 1].
    """
    steps = interpolate_f0(f0, audio.hop_samples) / audio.sample_rate
    return torch.cumsum(steps, dim=1).remainder(1.0).float()


def pulse_train(f0: torch.Tensor, phase: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Sum of all cosines of the fundamental below 11 kHz.

    With H of them, cos x + ... + cos H x = (sin((H + 1/2) x) / sin(x / 2) - 1) / 2. C++ goes frame by
    frame: `pulse_frame`.

    Args:
        f0: (batch, frames) in Hz, 0 where unvoiced.
        phase: (batch, samples) of the fundamental, in cycles.
        audio: The frame clock.

    Returns:
        (batch, samples); 0 in unvoiced frames.
    """
    top = torch.floor(TOP_HZ / f0.clamp_min(1.0)) * (f0 > 0)  # (batch, frames)
    top = top.repeat_interleave(audio.hop_samples, dim=1)
    below = torch.sin(math.pi * phase)
    peak = below.abs() < PEAK
    above = torch.sin((2 * top + 1) * (math.pi * phase))
    ratio = above / torch.where(peak, torch.ones_like(below), below)
    return torch.where(peak, top, 0.5 * (ratio - 1)) * (top > 0)
