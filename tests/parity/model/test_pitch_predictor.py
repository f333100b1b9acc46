"""PitchPredictor in C++ against PyTorch."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("gguf")

from tests.predictors import SHAPES, assert_predictor_agrees
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("frames", "style_frames"), SHAPES)
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_predictor(model_file, weight_type, frames, style_frames):
    path = model_file(tiny_model(6), weight_type)
    assert_predictor_agrees(path, "pitch_predictor", frames, style_frames)
