"""Predictor, the body of the three: threads, and padding that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.padding import normal, padded, some
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


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


def test_padding_changes_nothing():
    model = tiny_model()
    x = normal(1, 23, model.config.linguistic_encoder.hidden)
    e_sty = normal(1, 6, model.config.style_encoder.hidden)
    predictor = model.variation_adapter.pitch_predictor
    plain = predictor(x, e_sty, some(23), some(6))
    long = predictor(padded(x, 5, 9.0), padded(e_sty, 2, 9.0), some(23, 28), some(6, 8))
    torch.testing.assert_close(long[:, :23], plain)
