"""NSF-HiFiGAN: mel and F0 to samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from muspeaker.twin.model.harmonic_source import HarmonicSource, integrate_phase
from muspeaker.twin.model.mrf_block import SLOPE, MRFBlock
from muspeaker.twin.model.vocoder import Vocoder
from muspeaker.twin.nn.conv1d import Conv1d
from muspeaker.twin.nn.conv_transpose1d import ConvTranspose1d

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig, VocoderConfig

END_KERNEL = 7  # taps of the first and the last convolution
END_REACH = END_KERNEL // 2


class NsfHifigan(Vocoder):
    """HiFi-GAN generator with a harmonic source injected at every scale.

    Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2; source after Wang et al. 2019
    (arXiv:1904.12088).

    Args:
        config: Widths and upsampling rates; their product must be the hop.
        audio: Sample rate, hop and number of mel bands.

    Raises:
        ValueError: If the upsampling rates do not multiply to the hop.
    """

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        if math.prod(config.upsample_rates) != audio.hop_samples:
            raise ValueError(
                f"upsample rates {config.upsample_rates} must multiply to {audio.hop_samples}"
            )
        self._audio = audio
        self.samples_a_frame = audio.hop_samples
        self.reach_frames = reach_frames(config)
        width = config.initial_channels
        self.harmonic_source = HarmonicSource(config, audio)
        self.conv_pre = weight_norm(Conv1d(audio.num_mels, width, END_KERNEL, padding=END_REACH))
        self.ups = nn.ModuleList()
        self.source_convs = nn.ModuleList()
        self.mrf_blocks = nn.ModuleList()
        remaining = audio.hop_samples
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
            remaining //= rate
            up = ConvTranspose1d(width, width // 2, kernel, rate, padding=(kernel - rate) // 2)
            width //= 2
            source_kernel = 2 * remaining if remaining > 1 else 1
            source = Conv1d(1, width, source_kernel, stride=remaining, padding=remaining // 2)
            self.ups.append(weight_norm(up))
            self.source_convs.append(source)
            self.mrf_blocks.append(
                MRFBlock(width, config.resblock_kernels, config.resblock_dilations)
            )
        self.conv_post = weight_norm(Conv1d(width, 1, END_KERNEL, padding=END_REACH))

    def integrate_phase(self, f0: torch.Tensor) -> torch.Tensor:
        """See `Vocoder.integrate_phase`; F0 is held over each frame."""
        return integrate_phase(f0, self._audio)

    def forward(
        self, mel: torch.Tensor, f0: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """See `Vocoder.forward`."""
        self.check_inputs(mel, f0, phase, noise)
        source = self.harmonic_source(f0, phase, noise)  # (batch, 1, samples)
        x = self.conv_pre(mel)  # (batch, channels, frames)
        for up, source_conv, mrf_block in zip(
            self.ups, self.source_convs, self.mrf_blocks, strict=True
        ):
            x = up(F.leaky_relu(x, SLOPE))  # (batch, channels, samples of this scale)
            x = x + source_conv(source)
            x = mrf_block(x)
        x = self.conv_post(F.leaky_relu(x, SLOPE))  # (batch, 1, samples)
        return torch.tanh(x).squeeze(1)


def reach_frames(config: VocoderConfig) -> int:
    """Mel frames, to either side, that the layers of all scales together reach."""
    half = max(kernel // 2 for kernel in config.resblock_kernels)
    resblock_reach = half * sum(dilation + 1 for dilation in config.resblock_dilations)
    reach = END_REACH  # in rows of the scale, from the last to the first
    for rate, kernel in zip(
        reversed(config.upsample_rates), reversed(config.upsample_kernels), strict=True
    ):
        source_reach = reach + resblock_reach + 1
        reach = (source_reach + kernel) // rate + 1
    return reach + END_REACH
