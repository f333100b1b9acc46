"""e_lat and a timbre to a mel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from muspeaker.twin.model.adain_res_block import AdaINResBlock
from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import MelDecoderConfig


class MelDecoder(nn.Module):
    """A 1-D ResNet whose AdaIN layers take e_tim.

    Source: the paper's mel decoder.

    Args:
        config: Sizes.
        content: Width of e_lat.
        num_mels: Mel bands.
    """

    def __init__(self, config: MelDecoderConfig, content: int, num_mels: int) -> None:
        super().__init__()
        self.conv_pre = Conv1d(content, config.channels, config.kernel, padding=config.kernel // 2)
        self.blocks = nn.ModuleList(
            AdaINResBlock(config.channels, config.timbre, config.kernel)
            for _ in range(config.num_blocks)
        )
        self.conv_post = Conv1d(config.channels, num_mels, 1)

    def forward(self, e_lat: torch.Tensor, e_tim: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Decode a mel.

        Args:
            e_lat: (batch, frames, content).
            e_tim: (batch, timbre).
            mask: (batch, frames) bool, true where there is speech.

        Returns:
            (batch, mels, frames), natural-log mel.
        """
        keep = mask.unsqueeze(1).float()
        x = self.conv_pre(e_lat.transpose(1, 2)) * keep  # (batch, channels, frames)
        for block in self.blocks:
            x = block(x, e_tim, keep)
        return self.conv_post(x)
