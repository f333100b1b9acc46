"""The phone classifier: the phone of each frame of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import PhoneClassifierConfig

BLOCK_KERNEL = 3
PRIOR_POWER = 0.7  # exponent of the phone prior that is divided out of the posterior
LEAST = -12.0  # scores are clamped to this from below


class PhoneClassifierBlock(nn.Module):
    """One residual branch: a dilated convolution and a linear layer, each after a layer norm.

    Args:
        hidden: Width of the residual stream.
        dilation: Dilation of the convolution, in frames.
    """

    def __init__(self, hidden: int, dilation: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden)
        self.norm2 = nn.LayerNorm(hidden)
        self.conv = Conv1d(hidden, hidden, BLOCK_KERNEL, padding=dilation, dilation=dilation)
        self.linear = nn.Linear(hidden, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the branch.

        Args:
            x: (batch, frames, hidden) float32.

        Returns:
            The shape of x, to be added to it.
        """
        y = self.conv(F.relu(self.norm1(x)).transpose(1, 2)).transpose(1, 2)
        z: torch.Tensor = self.linear(F.relu(self.norm2(y)))
        return z


class PhoneClassifier(nn.Module):
    """Classifies the phone of each frame from the mel around it.

    Source: hybrid recognition, Bourlard and Morgan 1994 (doi 10.1007/978-1-4615-3210-2), Chapter 7.

    Args:
        config: Sizes.
        num_mels: Bands of the mel.
        num_phones: Size of the phone table.

    Attributes:
        log_prior: (num_phones,) float32, natural log of the share of each phone in the training
            frames, with all pauses as phone 0.
    """

    log_prior: torch.Tensor

    def __init__(self, config: PhoneClassifierConfig, num_mels: int, num_phones: int) -> None:
        super().__init__()
        self.conv_pre = Conv1d(num_mels, config.hidden, config.kernel, padding=config.kernel // 2)
        self.blocks = nn.ModuleList(
            PhoneClassifierBlock(config.hidden, dilation) for dilation in config.dilations
        )
        self.norm = nn.LayerNorm(config.hidden)
        self.linear = nn.Linear(config.hidden, num_phones)
        self.register_buffer("log_prior", torch.zeros(num_phones))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Classify every frame.

        Args:
            x: (batch, num_mels, frames) float32 from `normalized_mel`.

        Returns:
            (batch, frames, phones), logits.
        """
        x = self.conv_pre(x).transpose(1, 2)  # (batch, frames, hidden)
        for block in self.blocks:
            x = x + block(x)
        logits: torch.Tensor = self.linear(F.relu(self.norm(x)))
        return logits

    def phone_scores(self, logits: torch.Tensor) -> torch.Tensor:
        """How well each phone explains each frame, up to what is the same for all phones.

        Args:
            logits: (..., phones) from `forward`.

        Returns:
            The shape of logits, float32: natural-log probabilities, less PRIOR_POWER times the log
            prior, at least LEAST. All pauses are phone 0.
        """
        log_posterior = torch.log_softmax(logits.float(), -1)
        return (log_posterior - PRIOR_POWER * self.log_prior).clamp(min=LEAST)
