"""Bands at the bins of a spectrum; the engine's own is compared through what uses it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.band_interpolation import band_interpolation
from muspeaker.twin.dsp.mel import fft_bins_hz, mel_edges_hz

pytestmark = pytest.mark.torch
CPU = torch.device("cpu")


@pytest.mark.parametrize("audio", [AudioConfig(), AudioConfig(24000, 300, 1200, 1200)])
def test_a_band_is_itself_at_its_peak_and_linear_between(audio: AudioConfig) -> None:
    table = band_interpolation(audio, CPU).double()
    assert torch.allclose(table.sum(0), torch.ones(1, dtype=torch.float64))
    peaks, bins = mel_edges_hz(audio)[1:-1], fft_bins_hz(audio)
    heard = peaks @ table  # the frequency of each bin, where it lies between peaks
    torch.testing.assert_close(heard, bins.clamp(peaks[0], peaks[-1]), atol=1e-3, rtol=1e-5)
