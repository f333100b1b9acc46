"""DurationPredictor, PitchPredictor and EnergyPredictor in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch
STEMS = ["duration_predictor", "pitch_predictor", "energy_predictor"]


@pytest.mark.parametrize(("frames", "style_frames"), [(1, 1), (7, 60), (900, 33)])
@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_predictor(model_file, weight_type, stem, frames, style_frames):
    path = model_file(tiny_model(6), weight_type)
    model = load(path)
    generator = torch.Generator().manual_seed(frames)
    x = torch.randn(1, frames, model.config.linguistic_encoder.hidden, generator=generator)
    e_sty = torch.randn(1, style_frames, model.config.style_encoder.hidden, generator=generator)
    masks = (torch.ones(1, n, dtype=torch.bool) for n in (frames, style_frames))
    part = getattr(model.variation_adapter, stem)
    part.linear.bias.zero_()  # a large bias would hide an error of the rest
    bias = load(path).variation_adapter.get_submodule(stem).linear.bias.numpy()
    expected = part(x, e_sty, *masks)[0].numpy()
    actual = probe.predictor(probe.Model(str(path)), stem, x[0].numpy(), e_sty[0].numpy())
    assert squared_error(actual.reshape(frames, -1) - bias, expected) < CEILING["f32"]


def test_threads_give_the_same_bits(model_file):
    model = tiny_model(6)
    path = model_file(model)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((101, model.config.linguistic_encoder.hidden), np.float32)
    e_sty = rng.standard_normal((47, model.config.style_encoder.hidden), np.float32)
    one, two, three = (
        probe.predictor(probe.Model(str(path), threads), "pitch_predictor", x, e_sty)
        for threads in (1, 2, 3)
    )
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
