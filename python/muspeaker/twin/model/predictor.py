"""The trunk that the predictors of duration, pitch and energy share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.attention import CrossAttention
from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import VariationAdapterConfig


class PredictorLayer(nn.Module):
    """Convolution, ReLU and layer norm. Source: Ren et al. 2020 (arXiv:2006.04558), Section 2.3.

    Args:
        hidden: Width.
        kernel: Width of the convolution, odd.
    """

    def __init__(self, hidden: int, kernel: int) -> None:
        super().__init__()
        self.conv = Conv1d(hidden, hidden, kernel, padding=kernel // 2)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Refine (batch, frames, hidden) where the (batch, frames) mask is true."""
        y = self.conv((x * mask.unsqueeze(-1)).transpose(1, 2)).transpose(1, 2)
        return self.norm(F.relu(y))


class Predictor(nn.Module):
    """Convolutions, attention to the prompt's style, convolutions, and a linear layer.

    Source: the paper's variation adapter; layers after Ren et al. 2020 (arXiv:2006.04558).

    Args:
        config: Sizes.
        content: Width of the content.
        style: Width of e_sty.
        outputs: Values for each token or frame.
    """

    def __init__(
        self, config: VariationAdapterConfig, content: int, style: int, outputs: int
    ) -> None:
        super().__init__()
        self.project = nn.Linear(content, config.hidden)
        self.layers1 = nn.ModuleList(
            PredictorLayer(config.hidden, config.kernel) for _ in range(config.num_layers)
        )
        self.attention = CrossAttention(config.hidden, style, config.num_heads)
        self.norm = nn.LayerNorm(config.hidden)
        self.layers2 = nn.ModuleList(
            PredictorLayer(config.hidden, config.kernel) for _ in range(config.num_layers)
        )
        self.linear = nn.Linear(config.hidden, outputs)

    def forward(
        self, x: torch.Tensor, e_sty: torch.Tensor, mask: torch.Tensor, style_mask: torch.Tensor
    ) -> torch.Tensor:
        """Predict.

        Args:
            x: (batch, frames, content).
            e_sty: (batch, style frames, style).
            mask: (batch, frames) bool, true where there is content.
            style_mask: (batch, style frames) bool, true where there is prompt.

        Returns:
            (batch, frames, outputs).
        """
        x = self.project(x)  # (batch, frames, hidden)
        for layer in self.layers1:
            x = layer(x, mask)
        x = self.norm(x + self.attention(x, e_sty, style_mask))
        for layer in self.layers2:
            x = layer(x, mask)
        return self.linear(x)
