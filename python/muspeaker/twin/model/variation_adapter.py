"""Rhythm and melody: e_con to e_lat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from muspeaker.twin.model.duration_predictor import DurationPredictor, round_durations
from muspeaker.twin.model.energy_predictor import EnergyPredictor
from muspeaker.twin.model.length_regulator import LengthRegulator, make_path
from muspeaker.twin.model.pitch_predictor import PitchPredictor
from muspeaker.twin.nn.convolution import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import VariationAdapterConfig


class Variation(NamedTuple):
    """What the adapter decided.

    Attributes:
        e_lat: (batch, frames, hidden).
        durations: (batch, tokens) int64, frames.
        f0: (batch, frames) in Hz, 0 where unvoiced.
        energy: (batch, frames), normalised log-energy.
    """

    e_lat: torch.Tensor
    durations: torch.Tensor
    f0: torch.Tensor
    energy: torch.Tensor


class VariationAdapter(nn.Module):
    """Predicts durations, stretches the content, predicts pitch and energy and adds both.

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

    def embed(self, frames: torch.Tensor, f0: torch.Tensor, energy: torch.Tensor) -> torch.Tensor:
        """Add pitch and energy to the stretched content.

        Args:
            frames: (batch, frames, hidden).
            f0: (batch, frames) in Hz, 0 where unvoiced.
            energy: (batch, frames), normalised log-energy.

        Returns:
            e_lat, (batch, frames, hidden).
        """
        voiced = (f0 > 0).float()
        pitch = torch.stack([self.normalize_f0(f0), voiced], dim=1)  # (batch, 2, frames)
        pitch_added = self.pitch_embedding(pitch).transpose(1, 2)
        energy_added = self.energy_embedding(energy.unsqueeze(1)).transpose(1, 2)
        return frames + pitch_added + energy_added

    def normalize_f0(self, f0: torch.Tensor) -> torch.Tensor:
        """Hz to normalised log-F0; 0 where unvoiced."""
        config = self._config
        level = (f0.clamp(min=1.0).log() - config.log_f0_mean) / config.log_f0_std
        return level * (f0 > 0)

    def forward(
        self,
        e_con: torch.Tensor,
        e_sty: torch.Tensor,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        energy_gain: float = 1.0,
    ) -> Variation:
        """Speak the content in the manner of the prompt.

        Args:
            e_con: (1, tokens, hidden).
            e_sty: (1, style frames, style).
            speed: Above 1 is faster.
            pitch_semitones: Added to the melody.
            energy_gain: Factor of the energy contour.

        Returns:
            e_lat with the durations, F0 and energy that are in it.
        """
        config = self._config
        mask = torch.ones(e_con.shape[:2], dtype=torch.bool, device=e_con.device)
        style_mask = torch.ones(e_sty.shape[:2], dtype=torch.bool, device=e_con.device)
        log_durations = self.duration_predictor(e_con, e_sty, mask, style_mask).squeeze(-1)
        durations = round_durations(log_durations.exp() / speed)  # (1, tokens)
        path = make_path(durations, int(durations.sum()))  # (1, tokens, frames)
        frames = self.length_regulator(e_con, path)  # (1, frames, hidden)
        mask = torch.ones(frames.shape[:2], dtype=torch.bool, device=e_con.device)
        pitch = self.pitch_predictor(frames, e_sty, mask, style_mask)  # (1, frames, 2)
        f0 = torch.exp(
            pitch[..., 0] * config.log_f0_std
            + config.log_f0_mean
            + pitch_semitones * torch.log(torch.tensor(2.0)) / 12
        )
        f0 = f0 * (pitch[..., 1] > 0)
        energy = self.energy_predictor(frames, e_sty, mask, style_mask).squeeze(-1)
        energy = energy + torch.log(torch.tensor(energy_gain)) / config.log_energy_std
        return Variation(self.embed(frames, f0, energy), durations, f0, energy)
