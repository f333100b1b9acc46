"""One block of the frame-rate vocoder: a wide convolution in each channel, then a layer on each frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class ConvNextBlock(nn.Module):
    """Residual block: convolution by channel, norm, a wider hidden layer with ReLU.

    Source: Liu et al. 2022 (arXiv:2201.03545), Figure 4, over time and with ReLU for GELU.

    Args:
        channels: Those that go in and out.
        hidden: Width of the layer between.
        kernel: Frames that the convolution sees; odd.
    """

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, hidden)
        self.linear2 = nn.Linear(hidden, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (batch, frames, channels). Returns the same shape."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        y = self.linear1(self.norm(y))
        return x + self.linear2(F.relu(y))
