"""AdaINResBlock in C++ against PyTorch."""

from __future__ import annotations

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
