"""Spectra to samples: C++ against PyTorch, and what the band levels promise."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import mel_from_magnitude
from muspeaker.twin.dsp.pulse_train import integrate_phase
from muspeaker.twin.dsp.spectral_synthesis import PLANES, level_gains, spectral_synthesis
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

AUDIO = AudioConfig(24000, 300, 1200, 1200)
BINS = AUDIO.fft_samples // 2 + 1


def inputs(frames: int) -> dict[str, torch.Tensor]:
    """An utterance of any planes, partly voiced."""
    generator = torch.Generator().manual_seed(frames)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    f0 = (150 + 30 * normal(1, frames)).clamp(70, 300) * (normal(1, frames) > -0.5)
    return {
        "planes": normal(1, frames, PLANES, BINS),
        "mel": 1.5 * normal(1, AUDIO.num_mels, frames) - 5,
        "f0": f0,
        "phase": integrate_phase(f0, AUDIO),
        "noise": normal(1, frames * AUDIO.hop_samples),
    }


@pytest.mark.parametrize("frames", [1, 2, 5, 60])
def test_engine_equals_twin(frames):
    given = inputs(frames)
    arrays = {name: x[0].numpy() for name, x in given.items()} | {"mel": given["mel"][0].T.numpy()}
    actual = probe.spectral_synthesis(**arrays, audio=asdict(AUDIO))
    expected = spectral_synthesis(**given, audio=AUDIO)[0].numpy()
    assert actual.shape == expected.shape == (frames * AUDIO.hop_samples,)
    assert squared_error(actual, expected) < CEILING["f32"]


def test_bands_of_the_spectrum_come_nearer_to_the_mel():
    mel = inputs(20)["mel"]
    mixed = torch.polar(torch.ones(1, 20, BINS), 6 * torch.rand(1, 20, BINS))
    levels = [
        mel_from_magnitude((mixed * gain).abs().transpose(1, 2), AUDIO)
        for gain in (torch.ones(1), level_gains(mixed, mel, AUDIO))
    ]
    before, after = ((level - mel).abs().mean() for level in levels)
    assert after < 0.75 * before


def test_gradients_reach_the_planes():
    given = inputs(6)
    given["planes"].requires_grad_()
    spectral_synthesis(**given, audio=AUDIO).square().sum().backward()
    gradient = given["planes"].grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()
    assert (gradient.abs().amax((0, 1, 3)) > 0).all()


def test_other_windows_are_refused():
    with pytest.raises(ValueError, match="four hops"):
        spectral_synthesis(**inputs(2), audio=replace(AUDIO, hop_samples=256))
