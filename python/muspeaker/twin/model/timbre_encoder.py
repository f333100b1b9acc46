"""Voice of the prompt: ERes2NetV2, frozen once it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from muspeaker.config import TimbreEncoderConfig

KERNEL = 3
REDUCTION = 4  # channels of a fusion's maps for each channel inside it
NUM_SPLITS = 2
BASE_DIVISOR = 64  # planes at which a block's width is base_width
SHORTENING = 8  # filter banks a band of layer 4, and so frames: three strides of two
CEILING = 20.0  # largest output of the clipped ReLU


def clipped_relu(x: torch.Tensor) -> torch.Tensor:
    """ReLU between 0 and 20."""
    return F.hardtanh(x, 0.0, CEILING)


def attentional_sum(attention: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Weigh two maps against each other, all of (batch, channels, mels, frames)."""
    w = 1 + torch.tanh(attention)
    return x * w + y * (2 - w)


def pool_over_time(x: torch.Tensor) -> torch.Tensor:
    """(batch, channels, mels, frames) to its means and deviations, (batch, 2 * channels * mels)."""
    mean = x.mean(-1).flatten(1)
    std = torch.sqrt(x.var(-1) + 1e-8).flatten(1)
    return torch.cat([mean, std], dim=1)


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
        return attentional_sum(attention, x, y)


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
        self.width = planes * config.base_width // BASE_DIVISOR
        out_channels = planes * config.expansion
        self.conv1 = nn.Conv2d(in_channels, NUM_SPLITS * self.width, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(NUM_SPLITS * self.width)
        self.convs = nn.ModuleList(
            nn.Conv2d(self.width, self.width, KERNEL, padding=KERNEL // 2, bias=False)
            for _ in range(NUM_SPLITS)
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


def planes_of(config: TimbreEncoderConfig, index: int) -> int:
    """Planes of a layer, counted from 0: twice those of the layer before."""
    return config.channels << index


def make_layer(index: int, config: TimbreEncoderConfig) -> nn.Sequential:
    """A layer, counted from 0; from the third on its halves meet in fusions."""
    planes = planes_of(config, index)
    out_channels = planes * config.expansion
    width = config.channels if index == 0 else out_channels // 2
    layer = nn.Sequential()
    for position in range(config.num_blocks[index]):
        stride = 2 if index > 0 and position == 0 else 1
        layer.append(ERes2NetBlock(width, planes, stride, config, fused=index >= 2))
        width = out_channels
    return layer


def last_width(config: TimbreEncoderConfig) -> int:
    """Channels of layer 4's output."""
    return planes_of(config, 3) * config.expansion


class TimbreEncoder(nn.Module):
    """ERes2NetV2: a filter bank to one vector.

    Source: Chen et al. 2024 (arXiv:2406.02167). With channels 64, base width 26 and blocks 3-4-6-3 the
    state dict is that of the public 17.86 M checkpoint.

    Args:
        config: Sizes.

    Raises:
        ValueError: If there are not four layers.
    """

    def __init__(self, config: TimbreEncoderConfig) -> None:
        super().__init__()
        if len(config.num_blocks) != 4:
            raise ValueError(
                f"timbre_encoder.num_blocks has {len(config.num_blocks)} entries, expected 4"
            )
        width = last_width(config)
        self.conv1 = nn.Conv2d(1, config.channels, KERNEL, padding=KERNEL // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(config.channels)
        self.layer1 = make_layer(0, config)
        self.layer2 = make_layer(1, config)
        self.layer3 = make_layer(2, config)
        self.layer4 = make_layer(3, config)
        self.layer3_ds = nn.Conv2d(width // 2, width, KERNEL, 2, KERNEL // 2, bias=False)
        self.fuse34 = AttentionalFusion(width)
        self.seg_1 = nn.Linear(2 * width * (config.num_fbanks // SHORTENING), config.embedding)

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
        fused = self.fuse34(fourth, self.layer3_ds(third))  # (batch, width, fbanks / 8, frames / 8)
        return self.seg_1(pool_over_time(fused.float()))
