"""The phone classifier: which phone is heard in each frame of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.twin.nn.convolution import Conv1d

if TYPE_CHECKING:
    from typing import Any

    from muspeaker.config import PhoneClassifierConfig

BLOCK_KERNEL = 3
PRIOR_POWER = 0.7  # of how often a phone is heard, taken out of what the network says
LEAST = -12.0  # score below which a phone is as unlikely as can be


class PhoneClassifierBlock(nn.Module):
    """What one block adds to what is heard: a dilated convolution, and a linear layer.

    Args:
        hidden: Width of the residual stream.
        dilation: Of the convolution, in frames.
    """

    def __init__(self, hidden: int, dilation: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden)
        self.norm2 = nn.LayerNorm(hidden)
        self.conv = Conv1d(hidden, hidden, BLOCK_KERNEL, padding=dilation, dilation=dilation)
        self.linear = nn.Linear(hidden, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Listen around each frame.

        Args:
            x: (batch, frames, hidden) float32.

        Returns:
            The shape of x, to be added to it.
        """
        y = self.conv(F.relu(self.norm1(x)).transpose(1, 2)).transpose(1, 2)
        z: torch.Tensor = self.linear(F.relu(self.norm2(y)))
        return z


class PhoneClassifier(nn.Module):
    """Which phone is heard in each frame, from the mel around it.

    Source: hybrid recognition, Bourlard and Morgan 1994 (doi 10.1007/978-1-4615-3210-2), Chapter 7.

    Args:
        config: Sizes.
        num_mels: Bands of the mel.
        num_phones: Size of the phone table.

    Attributes:
        log_prior: (num_phones,) float32, natural log of how often each phone is heard where this was
            trained, all pauses counted as phone 0.
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
        """Listen.

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


def phone_scores(
    log_posterior: npt.NDArray[np.float32], log_prior: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """How well each phone explains each frame, up to what is the same for all phones.

    Args:
        log_posterior: (frames, phones) float32, log-probabilities, natural log.
        log_prior: (phones,) float32, how often each is heard, natural log.

    Returns:
        (frames, phones) float32, at least LEAST.
    """
    scores: npt.NDArray[Any] = np.maximum(log_posterior - PRIOR_POWER * log_prior, LEAST)
    return scores.astype(np.float32)
