"""The volume-preserving flow between e_mel and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import VPFlowConfig


class AdditiveCoupling(nn.Module):
    """Shifts one half of the latent by a function of the other half and e_ling.

    Source: Dinh et al. 2014 (arXiv:1410.8516), Section 3.2: additive, hence of unit Jacobian.

    Args:
        latent: Width of e_mel, even.
        condition: Width of e_ling.
        hidden: Width inside.
        kernel: Width of the convolutions, odd, in tokens.
    """

    def __init__(self, latent: int, condition: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = Conv1d(latent // 2, hidden, kernel, padding=kernel // 2)
        self.condition = nn.Linear(condition, hidden)
        self.conv2 = Conv1d(hidden, hidden, kernel, padding=kernel // 2)
        self.linear = nn.Linear(hidden, latent // 2)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: torch.Tensor, e_ling: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The shift of the other half.

        Args:
            x: (batch, tokens, latent / 2), the half that stays.
            e_ling: (batch, tokens, condition).
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            (batch, tokens, latent / 2).
        """
        keep = mask.unsqueeze(-1)
        y = self.conv1((x * keep).transpose(1, 2)).transpose(1, 2)  # (batch, tokens, hidden)
        y = F.relu(y + self.condition(e_ling)) * keep
        y = F.relu(self.conv2(y.transpose(1, 2)).transpose(1, 2))
        return self.linear(y)


class VPFlow(nn.Module):
    """Additive couplings that take turns on the two halves; noise given from outside.

    Source: the paper's VP-Flow; couplings after Dinh et al. 2014 (arXiv:1410.8516).

    Args:
        config: Sizes.
        latent: Width of e_mel, even.
        condition: Width of e_ling.
    """

    def __init__(self, config: VPFlowConfig, latent: int, condition: int) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(
            AdditiveCoupling(latent, condition, config.hidden, config.kernel)
            for _ in range(config.num_layers)
        )

    def forward(
        self, e_mel: torch.Tensor, e_ling: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """From e_mel to noise, the direction of the KL term.

        Args:
            e_mel: (batch, tokens, latent).
            e_ling: (batch, tokens, condition).
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            The shape of e_mel.
        """
        a, b = e_mel.chunk(2, dim=-1)  # (batch, tokens, latent / 2) each
        for coupling in self.couplings:
            a, b = b + coupling(a, e_ling, mask), a
        return torch.cat([a, b], dim=-1)

    def inverse(
        self, noise: torch.Tensor, e_ling: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """From noise to e_mel, the direction of speaking.

        Args:
            noise: (batch, tokens, latent), standard normal times the temperature.
            e_ling: (batch, tokens, condition).
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            e_mel, the shape of noise.
        """
        a, b = noise.chunk(2, dim=-1)  # (batch, tokens, latent / 2) each
        for coupling in reversed(self.couplings):
            a, b = b, a - coupling(b, e_ling, mask)
        return torch.cat([a, b], dim=-1)
