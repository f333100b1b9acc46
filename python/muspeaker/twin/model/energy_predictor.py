"""Loudness: normalised log-energy of each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.twin.model.predictor import Predictor

if TYPE_CHECKING:
    from muspeaker.config import VariationAdapterConfig


class EnergyPredictor(Predictor):
    """Normalised log-energy.

    Source: the paper's variation adapter.

    Args:
        config: Sizes.
        content: Width of e_con.
        style: Width of e_sty.
    """

    def __init__(self, config: VariationAdapterConfig, content: int, style: int) -> None:
        super().__init__(config, content, style, 1)
