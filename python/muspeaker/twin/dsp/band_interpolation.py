"""Values of mel bands at every bin of a spectrum."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from muspeaker.twin.dsp.mel import fft_bins_hz, mel_edges_hz

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def band_interpolation(audio: AudioConfig, device: torch.device) -> torch.Tensor:
    """How much of each band's value a bin takes.

    Linear between the peaks of neighbouring bands, constant below the first and above the last.

    Returns:
        (mels, bins) float32; each column sums to 1.
    """
    peaks, bins = mel_edges_hz(audio)[1:-1], fft_bins_hz(audio)
    bins = bins.clamp(peaks[0], peaks[-1])
    band = torch.searchsorted(peaks, bins, right=True).clamp(1, len(peaks) - 1) - 1
    way = (bins - peaks[band]) / (peaks[band + 1] - peaks[band])
    matrix = torch.zeros(len(peaks), len(bins), dtype=torch.float64)
    matrix[band, torch.arange(len(bins))] = 1 - way
    matrix[band + 1, torch.arange(len(bins))] += way
    return matrix.float().to(device)
