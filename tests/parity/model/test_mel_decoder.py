"""MelDecoder in C++ against PyTorch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.mel_decoder import MelDecoder
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.padding import normal, padded, some
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch


def random(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


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


def test_padding_changes_no_frame():
    model = tiny_model()
    e_lat = normal(1, 23, model.config.linguistic_encoder.hidden)
    e_tim = normal(1, model.config.mel_decoder.timbre)
    mel = model.mel_decoder(e_lat, e_tim, some(23))
    # The first convolution looks beyond the mask, so callers pad e_lat with zeros.
    long = model.mel_decoder(padded(e_lat, 5, 0.0), e_tim, some(23, 28))
    torch.testing.assert_close(long[..., :23], mel)


def test_sizes_that_cannot_work():
    sizes = tiny_config().mel_decoder
    with pytest.raises(ValueError, match="odd kernel, got 20, 6, 4"):
        MelDecoder(replace(sizes, kernel=4), 18, 20)
