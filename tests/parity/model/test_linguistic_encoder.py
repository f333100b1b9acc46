"""LinguisticEncoder in C++ against PyTorch."""

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


@pytest.mark.parametrize("tokens", [1, 3, 40])  # 40: beyond the window of the position table
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_linguistic_encoder(model_file, weight_type, tokens):
    path = model_file(tiny_model(3), weight_type)
    model = load(path)  # PyTorch with the weights of the file
    rng = np.random.default_rng(tokens)
    sizes = model.config.linguistic_encoder
    ids = [
        rng.integers(0, limit, tokens)
        for limit in (sizes.num_phones, sizes.num_stresses, sizes.num_boundaries)
    ]
    mask = torch.ones(1, tokens, dtype=torch.bool)
    expected = model.linguistic_encoder(*(torch.tensor(x).unsqueeze(0) for x in ids), mask)
    actual = probe.linguistic_encoder(probe.Model(str(path)), *ids)
    actual = actual.reshape(tokens, sizes.hidden)
    assert squared_error(actual, expected[0].numpy()) < CEILING["f32"]


def test_threads_give_the_same_bits(model_file):
    path = model_file(tiny_model(3))
    ids = np.arange(33) % 3
    one, three = (
        probe.linguistic_encoder(probe.Model(str(path), threads), ids, ids, ids)
        for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)
