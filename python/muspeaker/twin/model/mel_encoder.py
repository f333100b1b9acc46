"""Speech content: a source mel to the posterior of e_mel, one vector a phone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from muspeaker.config import MelEncoderConfig

SLOPE = 0.1


class ResBlock2d(nn.Module):
    """Two 3x3 convolutions over (mel, time) that halve the mel axis, around a shortcut.

    Source: He et al. 2016 (arXiv:1512.03385), Section 3, without norms.

    Args:
        in_channels: Channels of the image that comes in.
        out_channels: Channels of the image that goes out.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, (2, 1), 1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, (2, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine an image.

        Args:
            x: (batch, in_channels, mels, frames).

        Returns:
            (batch, out_channels, mels / 2, frames).
        """
        y = self.conv2(F.leaky_relu(self.conv1(x), SLOPE))  # (batch, out_channels, mels/2, frames)
        return F.leaky_relu(self.shortcut(x) + y, SLOPE)


class MelEncoder(nn.Module):
    """2-D residual blocks over a mel, frequency pooled away, averaged over each phone.

    Source: the paper's mel encoder.

    Args:
        config: Sizes.
    """

    def __init__(self, config: MelEncoderConfig) -> None:
        super().__init__()
        widths = (1, *config.channels)
        self.blocks = nn.ModuleList(ResBlock2d(a, b) for a, b in itertools.pairwise(widths))
        self.mean = nn.Linear(widths[-1], config.latent)
        self.log_std = nn.Linear(widths[-1], config.latent)

    def forward(self, mel: torch.Tensor, path: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Describe the speech of each phone.

        Args:
            mel: (batch, mels, frames), natural-log mel.
            path: (batch, tokens, frames) float32, one where the phone holds the frame.

        Returns:
            Mean and log standard deviation of e_mel, each (batch, tokens, latent).
        """
        x = mel.unsqueeze(1)  # (batch, 1, mels, frames)
        for block in self.blocks:
            x = block(x)
        x = x.mean(2)  # (batch, channels, frames)
        durations = path.sum(2, keepdim=True).clamp(min=1.0)  # (batch, tokens, 1)
        y = torch.bmm(path, x.transpose(1, 2).to(path.dtype)) / durations
        return self.mean(y), self.log_std(y)
