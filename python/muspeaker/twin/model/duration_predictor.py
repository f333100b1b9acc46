"""Rhythm: how many frames each phone lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from muspeaker.twin.model.predictor import Predictor

if TYPE_CHECKING:
    from muspeaker.config import VariationAdapterConfig


class DurationPredictor(Predictor):
    """Natural log of each phone's duration in frames.

    Source: the paper's variation adapter.

    Args:
        config: Sizes.
        content: Width of e_con.
        style: Width of e_sty.
    """

    def __init__(self, config: VariationAdapterConfig, content: int, style: int) -> None:
        super().__init__(config, content, style, 1)


def round_durations(durations: torch.Tensor) -> torch.Tensor:
    """Round to whole frames. Each boundary is rounded, not each phone, so errors do not add up.

    Args:
        durations: (batch, tokens) float32, frames.

    Returns:
        (batch, tokens) int64, frames.
    """
    ends = torch.floor(torch.cumsum(durations.double(), dim=1) + 0.5).long()
    return torch.diff(ends, dim=1, prepend=ends.new_zeros((len(ends), 1)))
