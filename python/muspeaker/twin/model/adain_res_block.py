"""A residual block that takes on a speaker's statistics."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.adain import AdaIN
from muspeaker.twin.nn.conv1d import Conv1d

SLOPE = 0.2


class AdaINResBlock(nn.Module):
    """One residual block of the mel decoder, normalised to the speaker's statistics.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8, inside the paper's mel decoder.

    Args:
        channels: Width of the residual stream.
        timbre: Size of the timbre vector e_tim.
        kernel: Width of both convolutions, odd, in frames.

    Raises:
        ValueError: If a width is not positive or kernel is even.
    """

    def __init__(self, channels: int, timbre: int, kernel: int) -> None:
        super().__init__()
        if channels < 1 or timbre < 1 or kernel % 2 == 0:
            raise ValueError(
                f"expected positive widths and an odd kernel, got {channels}, {timbre}, {kernel}"
            )
        self.norm1 = AdaIN(channels, timbre)
        self.conv1 = Conv1d(channels, channels, kernel, padding=kernel // 2)
        self.norm2 = AdaIN(channels, timbre)
        self.conv2 = Conv1d(channels, channels, kernel, padding=kernel // 2)

    def forward(self, x: torch.Tensor, e_tim: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Refine one utterance.

        Args:
            x: (batch, channels, frames) float32, unitless features at the mel frame rate.
            e_tim: (batch, timbre) float32, one vector a speaker.
            mask: (batch, 1, frames) float32, one where there is speech.

        Returns:
            (batch, channels, frames), the input plus a learned correction.
        """
        y = self.conv1(F.leaky_relu(self.norm1(x, e_tim, mask), SLOPE) * mask)
        y = self.conv2(F.leaky_relu(self.norm2(y, e_tim, mask), SLOPE) * mask)
        return x + y  # (batch, channels, frames)
