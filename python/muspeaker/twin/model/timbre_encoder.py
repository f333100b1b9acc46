"""Voice of the prompt: ERes2NetV2, frozen once it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from muspeaker.config import TimbreEncoderConfig

REDUCTION = 4  # of the channels inside a fusion
CEILING = 20.0  # of the clipped ReLU
NUM_SPLITS = 2


def clipped_relu(x: torch.Tensor) -> torch.Tensor:
    """ReLU between 0 and 20."""
    return F.hardtanh(x, 0.0, CEILING)


class AttentionalFusion(nn.Module):
    """Weighs two feature maps against each other.

    Source: Dai et al. 2021 (arXiv:2009.14082), inside Chen et al. 2024 (arXiv:2406.02167).

    Args:
        channels: Channels of either map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // REDUCTION
        self.local_att = nn.Sequential(
            nn.Conv2d(2 * channels, inner, 1),
            nn.BatchNorm2d(inner),
            nn.SiLU(),
            nn.Conv2d(inner, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Fuse.

        Args:
            x: (batch, channels, mels, frames).
            y: The shape of x.

        Returns:
            The shape of x.
        """
        attention = self.local_att(torch.cat([x, y], dim=1))  # (batch, channels, mels, frames)
        w = 1 + torch.tanh(attention)
        return x * w + y * (2 - w)


class ERes2NetBlock(nn.Module):
    """A bottleneck whose second half also reads the first, by a sum or by attentional fusion.

    Source: Chen et al. 2024 (arXiv:2406.02167), Section 2.

    Args:
        in_channels: Channels that come in.
        planes: Nominal width; `expansion` times as many channels go out.
        stride: Stride of the first convolution, on both axes.
        config: Base width and expansion.
        fused: Whether the halves meet in an `AttentionalFusion` instead of a sum.
    """

    def __init__(
        self,
        in_channels: int,
        planes: int,
        stride: int,
        config: TimbreEncoderConfig,
        *,
        fused: bool,
    ) -> None:
        super().__init__()
        self.width = planes * config.base_width // 64
        out_channels = planes * config.expansion
        self.conv1 = nn.Conv2d(in_channels, NUM_SPLITS * self.width, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(NUM_SPLITS * self.width)
        self.convs = nn.ModuleList(
            nn.Conv2d(self.width, self.width, 3, padding=1, bias=False) for _ in range(NUM_SPLITS)
        )
        self.bns = nn.ModuleList(nn.BatchNorm2d(self.width) for _ in range(NUM_SPLITS))
        self.fuse_models = nn.ModuleList(
            AttentionalFusion(self.width) for _ in range(NUM_SPLITS - 1 if fused else 0)
        )
        self.conv3 = nn.Conv2d(NUM_SPLITS * self.width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine.

        Args:
            x: (batch, in_channels, mels, frames).

        Returns:
            (batch, planes * expansion, mels / stride, frames / stride).
        """
        y = clipped_relu(self.bn1(self.conv1(x)))  # (batch, 2 * width, mels, frames)
        first, second = y.split(self.width, dim=1)
        first = clipped_relu(self.bns[0](self.convs[0](first)))
        second = self.fuse_models[0](first, second) if len(self.fuse_models) else first + second
        second = clipped_relu(self.bns[1](self.convs[1](second)))
        y = self.bn3(self.conv3(torch.cat([first, second], dim=1)))
        return clipped_relu(y + self.shortcut(x))


class TimbreEncoder(nn.Module):
    """ERes2NetV2: a filter bank to one vector.

    Source: Chen et al. 2024 (arXiv:2406.02167). With channels 64, base width 26 and blocks 3-4-6-3 the
    state dict is that of the public 17.86 M checkpoint.

    Args:
        config: Sizes.
    """

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(self, config: TimbreEncoderConfig) -> None:
        super().__init__()
        c = config.channels
        self.conv1 = nn.Conv2d(1, c, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        width = c
        for index, (count, fused) in enumerate(
            zip(config.num_blocks, (False, False, True, True), strict=True)
        ):
            layer = nn.Sequential()
            planes = c << index  # doubled from layer to layer
            for position in range(count):
                stride = 2 if index > 0 and position == 0 else 1
                layer.append(ERes2NetBlock(width, planes, stride, config, fused=fused))
                width = planes * config.expansion
            setattr(self, f"layer{index + 1}", layer)
        self.layer3_ds = nn.Conv2d(width // 2, width, 3, 2, 1, bias=False)
        self.fuse34 = AttentionalFusion(width)
        self.seg_1 = nn.Linear(2 * width * (config.num_fbanks // 8), config.embedding)

    def forward(self, fbank: torch.Tensor) -> torch.Tensor:
        """Describe a voice.

        Args:
            fbank: (batch, frames, num_fbanks), Kaldi log filter bank of 16 kHz audio, its mean over
                time removed.

        Returns:
            (batch, embedding), of any length.
        """
        x = fbank.transpose(1, 2).unsqueeze(1)  # (batch, 1, fbanks, frames)
        x = x.contiguous(memory_format=torch.channels_last)
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        third = self.layer3(x)
        fourth = self.layer4(third)
        fused = self.fuse34(fourth, self.layer3_ds(third)).float()  # (batch, width, 10, frames / 8)
        mean = fused.mean(-1).flatten(1)
        std = torch.sqrt(fused.var(-1) + 1e-8).flatten(1)
        return self.seg_1(torch.cat([mean, std], dim=1))
