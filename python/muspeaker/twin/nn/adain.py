"""Adaptive instance normalisation."""

from __future__ import annotations

import torch
from torch import nn

EPSILON = 1e-5


class AdaIN(nn.Module):
    """Instance norm over time whose gain and shift come from the timbre.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8.

    Args:
        channels: Width of the stream.
        timbre: Size of e_tim.
    """

    def __init__(self, channels: int, timbre: int) -> None:
        super().__init__()
        self.linear = nn.Linear(timbre, 2 * channels)

    def forward(self, x: torch.Tensor, e_tim: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Normalise and restyle.

        Args:
            x: (batch, channels, frames).
            e_tim: (batch, timbre).
            mask: (batch, 1, frames) float32, one where there is speech.

        Returns:
            The shape of x.
        """
        gain, shift = self.linear(e_tim).float().unsqueeze(-1).chunk(2, dim=1)
        count = mask.sum(-1, keepdim=True)
        mean = (x * mask).sum(-1, keepdim=True) / count  # (batch, channels, 1)
        variance = ((x - mean).square() * mask).sum(-1, keepdim=True) / count
        return (x - mean) * torch.rsqrt(variance + EPSILON) * (1 + gain) + shift
