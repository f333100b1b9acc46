"""Manner of the prompt: its mel to e_sty, a sequence at a quarter of the frame rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import StyleEncoderConfig

SLOPE = 0.1
LONGEST_PERIOD = 10000.0


class StyleBlock(nn.Module):
    """A residual branch: a layer norm, then a convolution.

    Args:
        hidden: Width of the sequence.
        kernel: Width of the convolution, odd, in style frames.
    """

    def __init__(self, hidden: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        self.conv = Conv1d(hidden, hidden, kernel, padding=kernel // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine (batch, frames, hidden); returns the same shape."""
        y = self.conv(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + F.leaky_relu(y, SLOPE)


class StyleEncoder(nn.Module):
    """Two strided convolutions, residual blocks, and sinusoidal positions.

    Source: the paper's style encoder.

    Args:
        config: Sizes.
        num_mels: Mel bands.
    """

    def __init__(self, config: StyleEncoderConfig, num_mels: int) -> None:
        super().__init__()
        padding = config.kernel // 2
        self.conv1 = Conv1d(num_mels, config.hidden, config.kernel, 2, padding)
        self.conv2 = Conv1d(config.hidden, config.hidden, config.kernel, 2, padding)
        self.blocks = nn.ModuleList(
            StyleBlock(config.hidden, config.kernel) for _ in range(config.num_blocks)
        )
        self.norm = nn.LayerNorm(config.hidden)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Encode a prompt.

        Args:
            mel: (batch, mels, frames), natural-log mel.

        Returns:
            e_sty, (batch, ceil(frames / 4), hidden).
        """
        x = F.leaky_relu(self.conv1(mel), SLOPE)  # (batch, hidden, frames / 2)
        x = F.leaky_relu(self.conv2(x), SLOPE).transpose(1, 2)  # (batch, frames / 4, hidden)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) + sinusoids(x.shape[1], x.shape[2], x.device)


def sinusoids(frames: int, hidden: int, device: torch.device) -> torch.Tensor:
    """Sines, then cosines, of geometrically spaced periods.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.5.

    Args:
        frames: Number of positions.
        hidden: Width, even.
        device: Where to make them.

    Returns:
        (frames, hidden) float32.
    """
    order = torch.arange(hidden // 2, device=device) / (hidden // 2)
    rate = torch.exp(-math.log(LONGEST_PERIOD) * order)
    angle = torch.arange(frames, device=device).unsqueeze(1) * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)
