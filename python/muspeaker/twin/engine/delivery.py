"""What a seed changes of rhythm and melody, as smooth curves over the tokens."""

from __future__ import annotations

from typing import NamedTuple

import torch

DELIVERY_REACH = 5  # tokens on either side that a value depends on
RHYTHM_DEVIATION = 0.15  # of log durations, at a variation of 1
MELODY_DEVIATION = 0.15  # of log F0, at a variation of 1: 2.6 semitones


class Delivery(NamedTuple):
    """Curves over the tokens; None changes nothing.

    Attributes:
        rhythm: (1, tokens), added to log durations.
        melody: (1, tokens), added to log F0.
    """

    rhythm: torch.Tensor | None = None
    melody: torch.Tensor | None = None


def make_delivery(noise: torch.Tensor, variation: float) -> Delivery:
    """Curves of a variation from noise: its running mean under a Hann window, of the same deviation everywhere.

    Args:
        noise: (1, tokens + 2 * DELIVERY_REACH, 2), standard normal; column 0 makes the rhythm, 1 the melody.
        variation: Factor of both deviations.
    """
    size = 2 * DELIVERY_REACH + 1
    window = torch.hann_window(size + 2, periodic=False, dtype=torch.float64)[1:-1]
    window = (window / window.square().sum().sqrt()).float()
    rhythm, melody = noise.unfold(1, size, 1).matmul(window).unbind(2)
    return Delivery(
        variation * RHYTHM_DEVIATION * rhythm,
        variation * MELODY_DEVIATION * melody,
    )


def over_frames(values: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
    """A value of each token as one of each frame: straight from the middle of a token to that of the next.

    Args:
        values: (1, tokens).
        durations: (1, tokens) int64, frames; one at least in all.

    Returns:
        (1, frames), level before the first middle and after the last.
    """
    middles = durations[0].cumsum(0) - 0.5 * durations[0]
    at = torch.arange(int(durations.sum())) + 0.5
    after = torch.searchsorted(middles, at)
    left, right = (after - 1).clamp(min=0), after.clamp(max=len(middles) - 1)
    gap = middles[right] - middles[left]  # 0 at both ends
    share = torch.where(gap > 0, (at - middles[left]) / gap.clamp(min=0.5), 0.0)
    return values[:, left] + share * (values[:, right] - values[:, left])
