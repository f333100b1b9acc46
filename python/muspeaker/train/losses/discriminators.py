"""Discriminators: of the vocoder by periods and resolutions, of the acoustic model by patches of the mel."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.1
PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = ((1024, 256, 1024), (2048, 512, 2048), (512, 128, 512))

Judgement = tuple[torch.Tensor, list[torch.Tensor]]


class PeriodDiscriminator(nn.Module):
    """Looks at every period-th sample. Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.3.

    Args:
        period: Distance of the samples seen together.
        width: Channels of the first layer; 32 is the paper's.
    """

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        widths = [1, width, 4 * width, 16 * width, 32 * width]
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), padding=(2, 0)))
            for a, b in itertools.pairwise(widths)
        )
        self.convs.append(weight_norm(nn.Conv2d(widths[-1], widths[-1], (5, 1), padding=(2, 0))))
        self.conv_post = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, samples: torch.Tensor) -> Judgement:
        """Score (batch, samples); returns the score map and the feature maps."""
        rest = -samples.shape[1] % self.period
        x = F.pad(samples, (0, rest), "reflect").view(samples.shape[0], 1, -1, self.period)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x.contiguous(memory_format=torch.channels_last)), SLOPE)
            features.append(x)
        return self.conv_post(x), features


class ResolutionDiscriminator(nn.Module):
    """Looks at one magnitude spectrogram. Source: Jang et al. 2021 (arXiv:2106.07889), Section 2.3.

    Args:
        resolution: FFT size, hop and window in samples.
        width: Channels; 32 is the paper's.
    """

    def __init__(self, resolution: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.fft, self.hop, self.window = resolution
        self.hann: torch.Tensor
        self.register_buffer("hann", torch.hann_window(self.window), persistent=False)
        strides = (1, 2, 2, 2)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(1 if i == 0 else width, width, (3, 9), (1, s), padding=(1, 4)))
            for i, s in enumerate(strides)
        )
        self.convs.append(weight_norm(nn.Conv2d(width, width, 3, padding=1)))
        self.conv_post = weight_norm(nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, samples: torch.Tensor) -> Judgement:
        """Score (batch, samples); returns the score map and the feature maps."""
        with torch.autocast(samples.device.type, enabled=False):
            spectrum = torch.stft(
                samples.float(), self.fft, self.hop, self.window, self.hann, return_complex=True
            )
            magnitude = torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-9)
        x = magnitude.transpose(1, 2).unsqueeze(1)  # (batch, 1, frames, bins)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x.contiguous(memory_format=torch.channels_last)), SLOPE)
            features.append(x)
        return self.conv_post(x), features


class VocoderDiscriminator(nn.Module):
    """All periods and some resolutions.

    Args:
        period_width: First width of the period discriminators.
        resolution_width: Width of the resolution discriminators.
        resolutions: How many of the resolutions.
    """

    def __init__(self, period_width: int, resolution_width: int, resolutions: int = 1) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            [PeriodDiscriminator(p, period_width) for p in PERIODS]
            + [ResolutionDiscriminator(r, resolution_width) for r in RESOLUTIONS[:resolutions]]
        )

    def forward(self, samples: torch.Tensor) -> list[Judgement]:
        """Score (batch, samples) by every part."""
        return [part(samples) for part in self.parts]


class MelPatches(nn.Module):
    """Looks at patches of a mel as an image, and at whether they are of the voice that was asked for.

    Source: Isola et al. 2017 (arXiv:1611.07004), Section 3.2.2; the voice by the projection of Miyato and
    Koyama 2018 (arXiv:1802.05637), Eq. 3, at every place of the map.

    Args:
        width: Channels of the first layer.
        timbre: Size of a voice's timbre.
        shrink: How many bands and frames are averaged before it looks.
    """

    def __init__(self, width: int, timbre: int, shrink: int) -> None:
        super().__init__()
        self.shrink = shrink
        widths = [1, width, 2 * width, 4 * width, 4 * width]
        strides = (2, 2, 2, 1)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, 5, stride, padding=2))
            for (a, b), stride in zip(itertools.pairwise(widths), strides, strict=True)
        )
        self.conv_post = weight_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))
        self.voice = nn.Sequential(nn.LayerNorm(timbre), nn.Linear(timbre, widths[-1]))

    def forward(self, mel: torch.Tensor, timbre: torch.Tensor) -> Judgement:
        """Score (batch, mels, frames) as speech of `timbre` (batch, timbre)."""
        x = mel.unsqueeze(1)
        if self.shrink > 1:
            x = F.avg_pool2d(x, self.shrink)
        features = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x.contiguous(memory_format=torch.channels_last)), SLOPE)
            features.append(x)
        own = torch.einsum("bchw,bc->bhw", x, self.voice(timbre)) / x.shape[1]
        return self.conv_post(x) + own.unsqueeze(1), features


class MelDiscriminator(nn.Module):
    """Patches of a mel at several sizes.

    Args:
        width: Channels of the first layer.
        timbre: Size of a voice's timbre.
    """

    def __init__(self, width: int, timbre: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(MelPatches(width, timbre, shrink) for shrink in (1, 2, 4))

    def forward(self, mel: torch.Tensor, timbre: torch.Tensor) -> list[Judgement]:
        """Score (batch, mels, frames) as speech of `timbre` (batch, timbre) by every part."""
        return [part(mel, timbre) for part in self.parts]
