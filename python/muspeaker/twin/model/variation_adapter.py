"""Rhythm and melody: e_con to e_lat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from muspeaker.twin.model.duration_predictor import DurationPredictor, round_durations
from muspeaker.twin.model.energy_predictor import EnergyPredictor
from muspeaker.twin.model.length_regulator import LengthRegulator
from muspeaker.twin.model.pitch_predictor import PitchPredictor
from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import VariationAdapterConfig

SEMITONES = 12  # semitones in an octave


class VariationOptions(NamedTuple):
    """What a caller may change about the delivery.

    Attributes:
        speed: Above 1 is faster.
        pitch_semitones: Added to the melody.
        energy_gain: Factor of the energy contour, above 0.
        expression: Factor of log F0's distance from its mean where voiced.
    """

    speed: float = 1.0
    pitch_semitones: float = 0.0
    energy_gain: float = 1.0
    expression: float = 1.0


PLAIN = VariationOptions()


class VariationAdapter(nn.Module):
    """Predicts durations, stretches the content, predicts pitch and energy and adds both.

    There is no forward: a size, or a threshold, depends on what was predicted. One speaks by
    predict_durations, decide_durations and stretch; then predict_pitch, predict_energy, decide_f0
    and decide_energy; then normalize_f0 and embed.

    Source: the paper's variation adapter; after Ren et al. 2020 (arXiv:2006.04558), Section 2.3.

    Args:
        config: Sizes, and the means and deviations of the targets.
        content: Width of e_con.
        style: Width of e_sty.
    """

    def __init__(self, config: VariationAdapterConfig, content: int, style: int) -> None:
        super().__init__()
        self._config = config
        padding = config.embedding_kernel // 2
        self.duration_predictor = DurationPredictor(config, content, style)
        self.length_regulator = LengthRegulator()
        self.pitch_predictor = PitchPredictor(config, content, style)
        self.energy_predictor = EnergyPredictor(config, content, style)
        self.pitch_embedding = Conv1d(2, content, config.embedding_kernel, padding=padding)
        self.energy_embedding = Conv1d(1, content, config.embedding_kernel, padding=padding)

    def predict_durations(
        self, e_con: torch.Tensor, e_sty: torch.Tensor, mask: torch.Tensor, style_mask: torch.Tensor
    ) -> torch.Tensor:
        """Predict how long each phone lasts.

        Args:
            e_con: (batch, tokens, hidden).
            e_sty: (batch, style frames, style).
            mask: (batch, tokens) bool, true where there is a token.
            style_mask: (batch, style frames) bool, true where there is prompt.

        Returns:
            (batch, tokens), natural log of durations in frames.
        """
        log_durations: torch.Tensor = self.duration_predictor(e_con, e_sty, mask, style_mask)
        return log_durations.squeeze(-1)

    @staticmethod
    def decide_durations(
        log_durations: torch.Tensor, options: VariationOptions = PLAIN
    ) -> torch.Tensor:
        """(batch, tokens) int64, whole frames, from `predict_durations`."""
        return round_durations(log_durations.exp() / options.speed)

    def stretch(self, e_con: torch.Tensor, path: torch.Tensor) -> torch.Tensor:
        """Repeat the content of each phone along a path.

        Args:
            e_con: (batch, tokens, hidden).
            path: (batch, tokens, frames) from `make_path`.

        Returns:
            (batch, frames, hidden).
        """
        frames: torch.Tensor = self.length_regulator(e_con, path)
        return frames

    def predict_pitch(
        self,
        frames: torch.Tensor,
        e_sty: torch.Tensor,
        mask: torch.Tensor,
        style_mask: torch.Tensor,
    ) -> torch.Tensor:
        """Predict pitch and voicing.

        Args:
            frames: (batch, frames, hidden) from `stretch`.
            e_sty: (batch, style frames, style).
            mask: (batch, frames) bool, true where there is content.
            style_mask: (batch, style frames) bool, true where there is prompt.

        Returns:
            (batch, frames, 2), normalised log-F0 and the logit of being voiced.
        """
        pitch: torch.Tensor = self.pitch_predictor(frames, e_sty, mask, style_mask)
        return pitch

    def predict_energy(
        self,
        frames: torch.Tensor,
        e_sty: torch.Tensor,
        mask: torch.Tensor,
        style_mask: torch.Tensor,
    ) -> torch.Tensor:
        """The same for normalised log-energy, (batch, frames)."""
        energy: torch.Tensor = self.energy_predictor(frames, e_sty, mask, style_mask)
        return energy.squeeze(-1)

    def decide_f0(self, pitch: torch.Tensor, options: VariationOptions = PLAIN) -> torch.Tensor:
        """(batch, frames) in Hz, 0 where unvoiced, from `predict_pitch`."""
        shift = options.pitch_semitones * math.log(2.0) / SEMITONES
        voiced = pitch[..., 1] > 0
        wider = options.expression - 1.0  # 0 leaves every bit as it is
        mean = (pitch[..., 0] * voiced).sum(-1, keepdim=True) / voiced.sum(-1, keepdim=True).clamp(
            min=1
        )
        normal = pitch[..., 0] + wider * (pitch[..., 0] - mean)
        level = normal * self._config.log_f0_std + self._config.log_f0_mean + shift
        return level.exp() * voiced

    def decide_energy(
        self, energy: torch.Tensor, options: VariationOptions = PLAIN
    ) -> torch.Tensor:
        """(batch, frames) normalised log-energy with the gain applied."""
        return energy + math.log(options.energy_gain) / self._config.log_energy_std

    def normalize_f0(self, f0: torch.Tensor) -> torch.Tensor:
        """Prepare F0 for `embed`.

        Args:
            f0: (batch, frames) in Hz, 0 where unvoiced.

        Returns:
            (batch, 2, frames): normalised log-F0, 0 where unvoiced, and 1 where voiced, else 0.
        """
        voiced = f0 > 0
        level = (f0.clamp(min=1.0).log() - self._config.log_f0_mean) / self._config.log_f0_std
        return torch.stack([level * voiced, voiced.float()], dim=1)

    def embed(
        self, frames: torch.Tensor, pitch: torch.Tensor, energy: torch.Tensor
    ) -> torch.Tensor:
        """Add pitch and energy to the stretched content.

        Args:
            frames: (batch, frames, hidden) from `stretch`.
            pitch: (batch, 2, frames) from `normalize_f0`.
            energy: (batch, frames), normalised log-energy.

        Returns:
            e_lat, (batch, frames, hidden).
        """
        e_lat = frames + self.pitch_embedding(pitch).transpose(1, 2)
        return e_lat + self.energy_embedding(energy.unsqueeze(1)).transpose(1, 2)
