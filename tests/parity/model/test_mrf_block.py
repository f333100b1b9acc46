"""MRFBlock in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("scale", [0, 1, 2, 3])
@pytest.mark.parametrize("samples", [1, 13, 700])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_block_before_its_residual_sum(model_file, weight_type, samples, scale):
    model = tiny_model(6)
    block = model.vocoder.mrf_blocks[scale]
    width = model.config.vocoder.initial_channels >> (scale + 1)
    x = torch.randn(1, width, samples, generator=torch.Generator().manual_seed(samples))
    expected = (block(x) - x)[0].T.numpy()  # (samples, channels)
    engine = probe.Model(str(model_file(model, weight_type)))
    inputs = x[0].T.numpy()
    actual = probe.mrf_block(engine, scale, inputs) - inputs
    assert squared_error(actual, expected) < CEILING[weight_type]


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_threads_give_the_same_bits(model_file, weight_type):
    path = str(model_file(tiny_model(6), weight_type))
    x = np.random.default_rng(0).standard_normal((333, 16)).astype(np.float32)
    one, three = (probe.mrf_block(probe.Model(path, count), 0, x) for count in (1, 3))
    np.testing.assert_array_equal(one, three)
