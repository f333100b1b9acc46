"""The excitation of the vocoder: harmonics where voiced, noise where not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig, VocoderConfig

NOISE_GAIN = 8.0  # initial weight of the noise channel


def integrate_phase(f0: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """Phase of the fundamental at every sample, F0 held over each hop.

    Args:
        f0: (batch, frames) in Hz, 0 where unvoiced.
        audio: Sample rate and hop.

    Returns:
        (batch, samples) float32 in cycles, in [0, 1), summed in double precision.
    """
    step = f0.double().repeat_interleave(audio.hop_samples, dim=1) / audio.sample_rate
    return torch.cumsum(step, dim=1).remainder(1.0).float()


class HarmonicSource(nn.Module):
    """Sine waves at F0 and its overtones plus noise, merged to one channel.

    Source: Wang et al. 2019 (arXiv:1904.12088), Section II-B. There is one noise channel for
    all sines instead of one for each, since the linear layer adds them up anyway.

    Args:
        vocoder: Amplitudes and the number of overtones.
        audio: Sample rate and hop.
    """

    def __init__(self, vocoder: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self._vocoder = vocoder
        self._audio = audio
        self.merge = nn.Linear(vocoder.num_overtones + 2, 1)
        with torch.no_grad():  # with a small weight, training never begins to use the noise
            self.merge.weight.fill_(1.0)
            self.merge.weight[:, -1] = NOISE_GAIN

    def forward(self, f0: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Excite.

        Args:
            f0: (batch, frames) in Hz, 0 where unvoiced.
            phase: (batch, samples) of the fundamental, in cycles.
            noise: (batch, samples), standard normal.

        Returns:
            (batch, 1, samples) in (-1, 1).
        """
        f0_held = f0.repeat_interleave(self._audio.hop_samples, dim=1)  # (batch, samples)
        voiced = (f0_held > 0).float()
        order = torch.arange(1, self._vocoder.num_overtones + 2, device=f0.device)
        below_nyquist = f0_held.unsqueeze(-1) * order < self._audio.sample_rate / 2
        sines = torch.sin(2 * math.pi * phase.unsqueeze(-1) * order)  # (batch, samples, harmonics)
        sines = self._vocoder.sine_amplitude * sines * below_nyquist * voiced.unsqueeze(-1)
        unvoiced_std = self._vocoder.sine_amplitude / 3
        noise_std = voiced * self._vocoder.noise_std + (1 - voiced) * unvoiced_std
        features = torch.cat([sines, (noise * noise_std).unsqueeze(-1)], dim=-1)
        return torch.tanh(self.merge(features)).transpose(1, 2)
