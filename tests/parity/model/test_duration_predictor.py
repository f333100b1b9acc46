"""DurationPredictor in C++ against PyTorch, and rounding to whole frames."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.duration_predictor import round_durations
from tests.predictors import SHAPES, assert_predictor_agrees
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("frames", "style_frames"), SHAPES)
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_predictor(model_file, weight_type, frames, style_frames):
    path = model_file(tiny_model(6), weight_type)
    assert_predictor_agrees(path, "duration_predictor", frames, style_frames)


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


def test_the_sum_stays_right():
    assert round_durations(torch.full((1, 4), 1.3)).tolist() == [[1, 2, 1, 1]]
    wanted = 3 * torch.randn(1, 200, generator=torch.Generator().manual_seed(2)).abs()
    assert abs(int(round_durations(wanted).sum()) - wanted.sum().item()) <= 0.5
