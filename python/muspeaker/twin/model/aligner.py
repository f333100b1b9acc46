"""The aligner: which frames of a recording belong to which phone of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import AlignerConfig

EMISSION_SCALE = 0.3  # frames are not independent, so each counts for less
LOG_STD_RANGE = (-1.5, 1.0)


class Aligner(nn.Module):
    """A hidden Markov model with one Gaussian over cepstra for each phone.

    A small network shifts the mean by the neighbouring phones.
    Source: hidden Markov models for speech, Rabiner 1989 (doi 10.1109/5.18626), Section III.

    Args:
        config: Sizes.
        num_phones: Size of the phone table.
    """

    def __init__(self, config: AlignerConfig, num_phones: int) -> None:
        super().__init__()
        self._num_pauses = config.num_pauses
        num_features = 2 * config.num_cepstra
        self.mean = nn.Embedding(num_phones, num_features)
        self.log_std = nn.Embedding(num_phones, num_features)
        nn.init.normal_(self.mean.weight, std=0.1)
        nn.init.zeros_(self.log_std.weight)
        self.phone = nn.Embedding(num_phones, config.hidden)
        self.context = nn.Sequential(
            Conv1d(config.hidden, config.hidden, config.kernel, padding=config.kernel // 2),
            nn.ReLU(),
            Conv1d(config.hidden, num_features, 1),
        )

    def forward(
        self, features: torch.Tensor, phones: torch.Tensor, context: float = 1.0
    ) -> torch.Tensor:
        """Score.

        Args:
            features: (batch, 2 * num_cepstra, frames) from `cepstral_features`.
            phones: (batch, tokens) int64.
            context: Factor of that shift, 0 to 1; below 1 in training alone.

        Returns:
            (batch, frames, tokens), scaled log-likelihood of each frame under each phone.
        """
        phones = torch.where(phones < self._num_pauses, 0, phones)
        shift = self.context(self.phone(phones).transpose(1, 2)).transpose(1, 2)
        shift = context * torch.tanh(shift) * (phones > 0).unsqueeze(-1)
        mean = self.mean(phones) + shift  # (batch, tokens, features)
        log_std = self.log_std(phones).clamp(*LOG_STD_RANGE)
        weight = torch.exp(-2 * log_std)
        x = features.transpose(1, 2)  # (batch, frames, features)
        distance = (
            torch.bmm(x.square(), weight.transpose(1, 2))
            - 2 * torch.bmm(x, (weight * mean).transpose(1, 2))
            + (weight * mean.square() + 2 * log_std).sum(2).unsqueeze(1)
        )
        return -0.5 * EMISSION_SCALE * distance
