"""AdaINResBlock and MelDecoder in C++ against PyTorch."""

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


def random(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("frames", [2, 3, 150])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_adain_res_block(model_file, weight_type, frames):
    path = model_file(tiny_model(8), weight_type)
    model = load(path)
    sizes = model.config.mel_decoder
    x, e_tim = 3 + random((1, sizes.channels, frames), 1), random((1, sizes.timbre), 2)
    mask = torch.ones(1, 1, frames)
    expected = (model.mel_decoder.blocks[1](x, e_tim, mask) - x)[0].numpy().T  # before the sum
    actual = probe.adain_res_block(probe.Model(str(path)), 1, x[0].numpy().T, e_tim.numpy())
    assert squared_error(actual - x[0].numpy().T, expected) < CEILING["f32"]


@pytest.mark.parametrize("frames", [2, 150])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_mel_decoder(model_file, weight_type, frames):
    path = model_file(tiny_model(8), weight_type)
    model = load(path)
    e_lat = random((1, frames, model.config.linguistic_encoder.hidden), 3)
    e_tim = random((1, model.config.mel_decoder.timbre), 4)
    mask = torch.ones(1, frames, dtype=torch.bool)
    expected = model.mel_decoder(e_lat, e_tim, mask)[0].numpy().T
    actual = probe.mel_decoder(probe.Model(str(path)), e_lat[0].numpy(), e_tim.numpy())
    assert squared_error(actual, expected) < CEILING[weight_type]  # q8: int8 inputs as well


def test_threads_give_the_same_bits(model_file):
    model = tiny_model(8)
    path = model_file(model)
    e_lat = random((77, model.config.linguistic_encoder.hidden), 5).numpy()
    e_tim = random((1, model.config.mel_decoder.timbre), 6).numpy()
    one, three = (
        probe.mel_decoder(probe.Model(str(path), threads), e_lat, e_tim) for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)
