"""Pulses laid on a recording, the loss of phases, and a vocoder that learns by them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.config import AudioConfig, VocoderConfig
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.losses.pulse_phase import lay_pulses, phase_loss
from muspeaker.train.stages import vocoder
from muspeaker.train.stages.vocoder import Segments, VocoderOptions, VocoderTrainer
from muspeaker.twin.dsp.pulse_train import integrate_phase, pulse_train
from tests.tiny_training import CONFIG
from tests.train.test_graphs import Asked

pytestmark = pytest.mark.torch

AUDIO = AudioConfig(
    sample_rate=24000, hop_samples=300, window_samples=1200, fft_samples=1200, mel_high_hz=12000.0
)
FRAMES = 60


def melody() -> torch.Tensor:
    """F0 of two voices that glide, each with a gap."""
    glide = torch.linspace(0, 1, FRAMES)
    f0 = torch.stack([110 + 40 * glide, 260 - 60 * glide])
    f0[:, 25:30] = 0
    return f0


def pulses(f0: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """A pulse train whose fundamental is turned by `turn`, (batch, samples) cycles."""
    return pulse_train(f0, (integrate_phase(f0, AUDIO) + turn).remainder(1.0), AUDIO) / 50


def voiced_samples(f0: torch.Tensor) -> torch.Tensor:
    """Where F0 is there, six frames inside its ends."""
    voiced = -torch.nn.functional.max_pool1d((f0 <= 0).float().unsqueeze(1), 13, 1, 6)[:, 0]
    voiced[:, :6] = voiced[:, -6:] = -1
    return (voiced == 0).repeat_interleave(AUDIO.hop_samples, 1)


@pytest.mark.parametrize("turn", [0.0, 0.2, -0.45])
def test_pulses_are_laid_where_the_recording_has_them(turn):
    f0 = melody()
    real = pulses(f0, torch.tensor(turn)) + 0.05 * torch.randn(2, FRAMES * AUDIO.hop_samples)
    found, sign = lay_pulses(pulses(f0, torch.tensor(0.0)), real, f0, AUDIO)
    assert sign.flatten().tolist() == [1, 1]
    wrong = (found - turn + 0.5).remainder(1.0) - 0.5
    assert found.shape == real.shape
    assert wrong[voiced_samples(f0)].abs().max() < 0.02


def test_a_recording_may_be_upside_down():
    f0 = melody()
    real = pulses(f0, torch.tensor(0.1)) * torch.tensor([[1.0], [-1.0]])
    found, sign = lay_pulses(pulses(f0, torch.tensor(0.0)), real, f0, AUDIO)
    assert sign.flatten().tolist() == [1, -1]
    assert (found - 0.1)[voiced_samples(f0)].abs().max() < 0.02


def test_a_drift_of_many_cycles_is_followed_without_a_step():
    f0 = torch.full((1, FRAMES), 150.0)
    drift = torch.linspace(0, 3, FRAMES * AUDIO.hop_samples).unsqueeze(0)
    found, _ = lay_pulses(pulses(f0, torch.zeros(1)), pulses(f0, drift), f0, AUDIO)
    assert found.diff(dim=1).abs().max() < 1e-3
    whole = found[0, -6 * 300] - found[0, 6 * 300]
    assert whole == pytest.approx(float(drift[0, -6 * 300] - drift[0, 6 * 300]), abs=0.05)


def test_the_loss_is_that_of_an_angle():
    real = torch.randn(2, 6000, generator=torch.Generator().manual_seed(0))
    other = torch.randn(2, 6000, generator=torch.Generator().manual_seed(1))
    assert phase_loss(real, real, 24000) == pytest.approx(0, abs=1e-4)
    assert phase_loss(-real, real, 24000) == pytest.approx(2, abs=1e-4)
    assert phase_loss(other, real, 24000) == pytest.approx(1, abs=0.05)
    assert phase_loss(0.1 * other, real, 24000) == pytest.approx(
        float(phase_loss(other, real, 24000)), abs=1e-4
    )


def test_the_loss_looks_at_low_frequencies():
    t = torch.arange(6000) / 24000
    low, high = (torch.sin(2 * math.pi * hz * t).unsqueeze(0) for hz in (500, 7000))
    assert phase_loss(low - high, low + high, 24000) < 0.1
    assert phase_loss(high - low, low + high, 24000) > 1.9


@pytest.fixture
def spectral(runs, tmp_path):
    """A small frame-rate vocoder in training, on the sizes of the tests' corpus."""
    cache = Cache(runs.corpus)
    sizes = replace(cache.sizes, window_samples=1024, fft_samples=1024)
    config = replace(
        CONFIG,
        audio=sizes,
        vocoder=VocoderConfig(kind="spectral", channels=8, hidden=16, num_blocks=1),
    )
    options = VocoderOptions(
        corpus=runs.corpus, out=tmp_path, batch=2, frames=24, precision="f32",
        weights=["adversarial=0", "features=0", "phase=5"],
    )  # fmt: skip
    segments = Segments(cache, 2, 24, None, 0)
    return VocoderTrainer(config, options, segments), segments


def test_a_step_learns_of_phases_on_pulses_that_were_laid(spectral, monkeypatch):
    trainer, segments = spectral
    batch = segments.collate(next(segments.plans(0)), slice(None))
    laid, _ = trainer._two_renderings(batch)
    nowhere = torch.zeros_like(batch["samples"]), torch.ones(2, 1)
    monkeypatch.setattr(vocoder, "lay_pulses", lambda *_: nowhere)
    as_given, _ = trainer._two_renderings(batch)
    phase = (trainer.generator.integrate_phase(batch["f0"]) + batch["first_phase"]).remainder(1.0)
    whole = trainer.generator(
        batch["mel"].repeat(2, 1, 1), batch["f0"].repeat(2, 1), phase.repeat(2, 1),
        batch["noise"].flatten(0, 1),
    )  # fmt: skip
    assert torch.allclose(as_given, whole, atol=1e-5)
    assert not torch.allclose(laid, whole, atol=1e-2)
    head = trainer.generator.head.weight.clone()
    assert trainer.train_step(batch, 0.0)["phase"] > 0
    assert not torch.equal(trainer.generator.head.weight, head)


def test_a_step_with_phases_asks_the_device_nothing(spectral):
    trainer, segments = spectral
    batch = segments.collate(next(segments.plans(0)), slice(None))
    with torch.no_grad(), Asked() as asked:
        fakes, sign = trainer._two_renderings(batch)
        phase_loss(fakes, (sign * batch["samples"]).repeat(2, 1), 24000)
    assert not asked.found


def test_a_vocoder_of_another_kind_has_no_phases_to_learn(runs):
    with pytest.raises(ValueError, match="the loss `phase` needs a vocoder of the kind `spectral`"):
        vocoder.main([str(runs.corpus), "--weights", "phase=1"], CONFIG)
