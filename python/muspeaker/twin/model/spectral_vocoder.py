"""The frame-rate vocoder: mel and F0 to spectra, and those to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from muspeaker.twin.dsp.mel import full_precision
from muspeaker.twin.dsp.pulse_train import integrate_phase
from muspeaker.twin.dsp.spectral_synthesis import PLANES, spectral_synthesis
from muspeaker.twin.model.convnext_block import ConvNextBlock
from muspeaker.twin.model.vocoder import Vocoder
from muspeaker.twin.nn.conv1d import Conv1d

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig, VocoderConfig

SOURCE_FEATURES = 2  # log-F0 and whether there is one
LOG_F0_MEAN = 5.1
LOG_F0_STD = 0.38
SPECTRA_REACH = 2  # frames whose spectra a frame's samples need
SOURCE_REACH = 4  # frames whose pulses and noise they need
# Where training begins: the harmonic part at the mel's level, the noise below it, the free part far below.
FIRST_PLANES = (-0.5, 0.0, -1.0, -5.0, 0.0)


class SpectralVocoder(Vocoder):
    """ConvNeXt blocks that never leave the frame rate, and a head of five planes of a window's bins.

    Each frame's spectrum is that of a pulse train and that of noise, shaped by the planes, and a free part;
    its bands are brought to the mel. One inverse transform and an overlap make samples of it.

    Source: the source-filter vocoder of hibari-tts (Apache-2.0), which speaks from phones; this one speaks
    from a mel. Blocks after Siuzdak 2023 (arXiv:2306.00814).

    Args:
        config: Widths and number of blocks.
        audio: Sample rate, hop and number of mel bands; a window is fft_samples long and four hops.
    """

    edge_frames = SPECTRA_REACH

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self._audio = audio
        self.samples_a_frame = audio.hop_samples
        network_reach = (1 + config.num_blocks) * (config.kernel // 2)
        self.reach_frames = max(SOURCE_REACH, SPECTRA_REACH + network_reach)
        self.conv_pre = Conv1d(
            audio.num_mels + SOURCE_FEATURES, config.channels, config.kernel,
            padding=config.kernel // 2,
        )  # fmt: skip
        self.blocks = nn.ModuleList(
            ConvNextBlock(config.channels, config.hidden, config.kernel)
            for _ in range(config.num_blocks)
        )
        self.norm = nn.LayerNorm(config.channels)
        self.head = nn.Linear(config.channels, PLANES * (audio.fft_samples // 2 + 1))
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(
                torch.tensor(FIRST_PLANES).repeat_interleave(audio.fft_samples // 2 + 1)
            )

    def integrate_phase(self, f0: torch.Tensor) -> torch.Tensor:
        """See `Vocoder.integrate_phase`; F0 is linear between the middles of frames."""
        return integrate_phase(f0, self._audio)

    def forward(
        self, mel: torch.Tensor, f0: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """See `Vocoder.forward`; samples may go beyond 1."""
        self.check_inputs(mel, f0, phase, noise)
        return self.synthesize(self.planes(mel, f0), mel, f0, phase, noise)

    def planes(self, mel: torch.Tensor, f0: torch.Tensor) -> torch.Tensor:
        """What the network says of each frame, whatever the phase and the noise.

        Args:
            mel: (batch, mels, frames), natural-log mel.
            f0: (batch, frames) in Hz, 0 where unvoiced.

        Returns:
            (batch, frames, 5, bins), see `spectral_synthesis`.
        """
        voiced = (f0 > 0).float()
        log_f0 = (torch.log(f0.clamp_min(1.0)) - LOG_F0_MEAN) / LOG_F0_STD * voiced
        features = torch.stack([log_f0, voiced], dim=1)  # (batch, 2, frames)
        x = self.conv_pre(torch.cat([mel, features], dim=1)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)  # (batch, frames, channels)
        planes: torch.Tensor = self.head(self.norm(x)).unflatten(2, (PLANES, -1)).float()
        return planes

    def synthesize(
        self,
        planes: torch.Tensor,
        mel: torch.Tensor,
        f0: torch.Tensor,
        phase: torch.Tensor,
        noise: torch.Tensor,
    ) -> torch.Tensor:
        """Samples (batch, samples) of the planes; the rest as in `forward`."""
        with full_precision(mel.device):  # levels are sums of logarithms
            return spectral_synthesis(planes, mel.float(), f0, phase, noise, self._audio)
