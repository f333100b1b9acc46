"""Multi-receptive-field fusion, the body of each vocoder scale."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from muspeaker.twin.nn.conv1d import Conv1d

SLOPE = 0.1


class ResBlock(nn.Module):
    """Residual pairs of a dilated and a plain convolution of one kernel width.

    Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2.2, "ResBlock1".

    Args:
        channels: Width of the residual stream.
        kernel: Width of every convolution, odd, in samples of this scale.
        dilations: One pair for each.
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            weight_norm(
                Conv1d(channels, channels, kernel, dilation=d, padding=d * (kernel - 1) // 2)
            )
            for d in dilations
        )
        self.convs2 = nn.ModuleList(
            weight_norm(Conv1d(channels, channels, kernel, padding=(kernel - 1) // 2))
            for _ in dilations
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine one scale.

        Args:
            x: (batch, channels, samples) at this scale.

        Returns:
            The shape of x.
        """
        for conv1, conv2 in zip(self.convs1, self.convs2, strict=True):
            y = conv1(F.leaky_relu(x, SLOPE))  # (batch, channels, samples)
            y = conv2(F.leaky_relu(y, SLOPE))
            x = x + y
        return x


class MRFBlock(nn.Module):
    """The mean of residual blocks of several kernel widths.

    Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2.2.

    Args:
        channels: Width of this scale.
        kernels: One residual block for each.
        dilations: The dilations inside every block.
    """

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(ResBlock(channels, k, dilations) for k in kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine one scale.

        Args:
            x: (batch, channels, samples) at this scale.

        Returns:
            The shape of x.
        """
        y = self.resblocks[0](x)  # (batch, channels, samples)
        for resblock in self.resblocks[1:]:
            y = y + resblock(x)
        return y / len(self.resblocks)
