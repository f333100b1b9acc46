"""ConvNextBlock in C++ against PyTorch, whole and a part of the frames."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.tiny_model import spectral_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = spectral_config()
FRAMES = 41


def input_of(frames: int) -> torch.Tensor:
    """x (1, frames, channels)."""
    generator = torch.Generator().manual_seed(frames)
    return torch.randn(1, frames, CONFIG.vocoder.channels, generator=generator)


@pytest.mark.parametrize("frames", [1, 2, FRAMES])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_block(model_file, weight_type, frames):
    model = tiny_model(3, CONFIG)
    x = input_of(frames)
    expected = model.vocoder.blocks[1](x)[0].numpy()
    path = str(model_file(model, weight_type))
    actual = probe.convnext_block(probe.Model(path), 1, x[0].numpy(), 0, frames)
    # A single frame loses its axis on the way.
    assert squared_error(actual.reshape(expected.shape), expected) < CEILING[weight_type]


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_kept_frames_have_the_bits_of_the_whole(model_file, weight_type):
    path = str(model_file(tiny_model(3, CONFIG), weight_type))
    x = input_of(FRAMES)[0].numpy()
    one, two = probe.Model(path, 1), probe.Model(path, 3)
    whole = probe.convnext_block(one, 0, x, 0, FRAMES)
    np.testing.assert_array_equal(probe.convnext_block(two, 0, x, 0, FRAMES), whole)
    np.testing.assert_array_equal(probe.convnext_block(one, 0, x, 5, 11), whole[5:16])


def test_frames_that_are_not_there_are_refused(model_file):
    path = str(model_file(tiny_model(3, CONFIG), "f32"))
    with pytest.raises(ValueError, match=r"expects \(frames, 20\), got \(41, 20\)"):
        probe.convnext_block(probe.Model(path), 0, input_of(FRAMES)[0].numpy(), 31, 11)
