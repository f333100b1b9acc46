"""The aligner: which frames of a recording belong to which phone of its text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from muspeaker.model.convolution import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import AlignerConfig

EMISSION_SCALE = 0.3
LOG_STD_RANGE = (-1.5, 1.0)
STATES_A_PHONE = 2  # so a phone lasts at least two frames; a pause has one


class Aligner(nn.Module):
    """A hidden Markov model whose phones say what they sound like.

    Mean and deviation of the cepstra of each phone, shifted by its neighbours.
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
            context: How much the neighbours count, 0 to 1; below 1 in training alone.

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


def states_of(phones: npt.NDArray[np.int32], frames: int, num_pauses: int) -> npt.NDArray[np.int64]:
    """Token number of each state: two states a phone, one a pause; one each in a very short clip.

    Args:
        phones: (tokens,) int32.
        frames: Number of mel frames.
        num_pauses: The first symbols, which are pauses.

    Returns:
        (states,) int64, at most `frames` of them unless there are more tokens.
    """
    states = np.repeat(np.arange(len(phones)), np.where(phones < num_pauses, 1, STATES_A_PHONE))
    return states if len(states) <= frames else np.arange(len(phones))


def cepstral_features(mel: npt.NDArray[np.float32], num_cepstra: int) -> npt.NDArray[np.float32]:
    """Cepstra and their slopes, normalised over the clip.

    Args:
        mel: (mels, frames), natural-log mel.
        num_cepstra: How many, the level among them.

    Returns:
        (2 * num_cepstra, frames) float32.
    """
    bands = len(mel)
    order = np.arange(num_cepstra)[:, None]
    basis = np.cos(math.pi / bands * (np.arange(bands)[None, :] + 0.5) * order)
    cepstra = basis @ mel
    padded = np.pad(cepstra, ((0, 0), (2, 2)), "edge")
    slope = 2 * (padded[:, 4:] - padded[:, :-4]) + padded[:, 3:-1] - padded[:, 1:-3]
    features = np.concatenate([cepstra, slope])
    features = features - features.mean(1, keepdims=True)
    return (features / (features.std(1, keepdims=True) + 1e-3)).astype(np.float32)
