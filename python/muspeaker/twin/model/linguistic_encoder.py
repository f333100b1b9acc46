"""Text content: phones to e_ling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.attention import RelativeAttention
from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import LinguisticEncoderConfig


class TokenIds(NamedTuple):
    """Utterances, token by token. A further row, such as a language, is a field here and an embedding.

    Attributes:
        phones: (batch, tokens) int64, below num_phones.
        stresses: (batch, tokens) int64, below num_stresses.
        boundaries: (batch, tokens) int64, below num_boundaries.
    """

    phones: torch.Tensor
    stresses: torch.Tensor
    boundaries: torch.Tensor


class TransformerBlock(nn.Module):
    """Relative-position self-attention, then a convolutional feed-forward, both pre-normalised.

    Source: Ren et al. 2019 (arXiv:1905.09263), Section 3.1, with the norms in front.

    Args:
        config: Sizes of the encoder.
    """

    def __init__(self, config: LinguisticEncoderConfig) -> None:
        super().__init__()
        padding = config.ffn_kernel // 2
        self.norm1 = nn.LayerNorm(config.hidden)
        self.attention = RelativeAttention(config.hidden, config.num_heads, config.relative_window)
        self.norm2 = nn.LayerNorm(config.hidden)
        self.conv1 = Conv1d(config.hidden, config.ffn_hidden, config.ffn_kernel, padding=padding)
        self.conv2 = Conv1d(config.ffn_hidden, config.hidden, config.ffn_kernel, padding=padding)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Refine the tokens.

        Args:
            x: (batch, tokens, hidden).
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            The shape of x.
        """
        x = x + self.attention(self.norm1(x), mask)
        y = self.norm2(x) * mask.unsqueeze(-1)
        y = F.relu(self.conv1(y.transpose(1, 2))) * mask.unsqueeze(1)  # (batch, ffn, tokens)
        y = self.conv2(y).transpose(1, 2)  # (batch, tokens, hidden)
        return x + y


class LinguisticEncoder(nn.Module):
    """Phones, stresses and word boundaries to e_ling.

    Source: the paper's linguistic encoder; blocks after Ren et al. 2019 (arXiv:1905.09263).

    Args:
        config: Sizes.
    """

    def __init__(self, config: LinguisticEncoderConfig) -> None:
        super().__init__()
        self.phone = nn.Embedding(config.num_phones, config.hidden)
        self.stress = nn.Embedding(config.num_stresses, config.hidden)
        self.boundary = nn.Embedding(config.num_boundaries, config.hidden)
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(config.hidden)

    def forward(self, ids: TokenIds, mask: torch.Tensor) -> torch.Tensor:
        """Encode.

        Args:
            ids: What to say.
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            e_ling, (batch, tokens, hidden).
        """
        x = self.phone(ids.phones) + self.stress(ids.stresses) + self.boundary(ids.boundaries)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) * mask.unsqueeze(-1)
