"""VariationAdapter: embedding in C++ against PyTorch, and what the options decide."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.padding import normal, some
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

HIDDEN, STYLE = tiny_config().linguistic_encoder.hidden, tiny_config().style_encoder.hidden
SCALES = tiny_config().variation_adapter


@pytest.mark.parametrize("frames", [1, 2, 140])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_embed(model_file, weight_type, frames):
    path = model_file(tiny_model(9), weight_type)
    model = load(path)
    generator = torch.Generator().manual_seed(frames)
    x = torch.randn(1, frames, model.config.linguistic_encoder.hidden, generator=generator)
    f0 = 60 + 300 * torch.rand(1, frames, generator=generator)
    f0[:, frames // 2 :] = 0
    energy = torch.randn(1, frames, generator=generator)
    adapter = model.variation_adapter
    expected = (adapter.embed(x, adapter.normalize_f0(f0), energy) - x)[0].numpy()
    actual = probe.embed_variation(probe.Model(str(path)), *(t[0].numpy() for t in (x, f0, energy)))
    assert squared_error(actual.reshape(frames, -1) - x[0].numpy(), expected) < CEILING["f32"]


def test_speed_changes_durations():
    adapter = tiny_model().variation_adapter
    inputs = normal(1, 7, HIDDEN), normal(1, 6, STYLE), some(7), some(6)
    log_durations = adapter.predict_durations(*inputs)
    assert log_durations.shape == (1, 7)
    plain = int(adapter.decide_durations(log_durations).sum())
    slow = adapter.decide_durations(log_durations, VariationOptions(speed=0.5))
    assert abs(int(slow.sum()) - 2 * plain) <= 1


def test_pitch_and_energy_change_the_melody():
    adapter = tiny_model().variation_adapter
    inputs = normal(1, 23, HIDDEN), normal(1, 6, STYLE), some(23), some(6)
    pitch, energy = adapter.predict_pitch(*inputs), adapter.predict_energy(*inputs)
    plain = adapter.decide_f0(pitch)
    assert plain.shape == energy.shape == (1, 23)
    assert 0 < int((plain > 0).sum()) < 23
    torch.testing.assert_close(plain > 0, pitch[..., 1] > 0)
    high = adapter.decide_f0(pitch, VariationOptions(pitch_semitones=12.0))
    torch.testing.assert_close(high, 2 * plain)
    loud = adapter.decide_energy(energy, VariationOptions(energy_gain=2.0))
    shift = torch.log(torch.tensor(2.0)) / SCALES.log_energy_std
    torch.testing.assert_close(loud, adapter.decide_energy(energy) + shift)


def test_f0_is_normalized_as_it_is_decided():
    adapter = tiny_model().variation_adapter
    f0 = torch.tensor([[0.0, 90.0, 164.0, 400.0]])
    level, voiced = adapter.normalize_f0(f0).unbind(1)
    assert voiced.tolist() == [[0.0, 1.0, 1.0, 1.0]]
    assert level[0, 0] == 0
    torch.testing.assert_close(adapter.decide_f0(torch.stack([level, voiced], -1)), f0)
