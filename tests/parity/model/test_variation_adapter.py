"""VariationAdapter in C++ against PyTorch: rounding, stretching and embedding."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.duration_predictor import round_durations
from muspeaker.twin.model.length_regulator import make_path
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    "durations",
    [
        np.random.default_rng(0).gamma(1.5, 3.0, 2000),
        np.full(999, 0.1),  # sums whose boundaries depend on the precision
        np.array([0.0, 0.4999999, 0.5, 1e-30, 7.0]),
    ],
)
def test_round_durations(durations):
    durations = durations.astype(np.float32)
    expected = round_durations(torch.from_numpy(durations).unsqueeze(0))[0].numpy()
    actual = probe.round_durations(durations, 10**6)
    np.testing.assert_array_equal(actual, expected)
    assert actual.dtype == np.int32


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, 1001.0])
def test_round_durations_refuses(bad):
    with pytest.raises(ValueError, match="frames"):
        probe.round_durations(np.array([1.0, bad], np.float32), 1000)


def test_make_path():
    durations = np.array([2, 0, 3, 1, 0], np.int32)
    path = make_path(torch.from_numpy(durations).long().unsqueeze(0), 6)[0]
    np.testing.assert_array_equal(probe.make_path(durations), path.argmax(0).numpy())


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
    expected = (model.variation_adapter.embed(x, f0, energy) - x)[0].numpy()
    actual = probe.embed_variation(probe.Model(str(path)), *(t[0].numpy() for t in (x, f0, energy)))
    assert squared_error(actual.reshape(frames, -1) - x[0].numpy(), expected) < CEILING["f32"]
