"""TimbreEncoder in C++ against PyTorch, batch norms with statistics of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.config import TimbreEncoderConfig, base
from tests.closeness import CEILING, squared_error
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

SMALL = TimbreEncoderConfig(num_fbanks=24, channels=8, num_blocks=(2, 1, 2, 1), embedding=15)


def small_model():
    return tiny_model(3, replace(tiny_config(), timbre_encoder=SMALL))


def random_fbank(frames: int, num_fbanks: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(frames)
    fbank = 3 * torch.randn(1, frames, num_fbanks, generator=generator)
    return fbank - fbank.mean(1, keepdim=True)


@pytest.mark.parametrize("frames", [9, 50, 157])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_encoder(model_file, weight_type, frames):
    model = small_model()
    fbank = random_fbank(frames, SMALL.num_fbanks)
    expected = model.timbre_encoder(fbank)[0].numpy()
    engine = probe.Model(str(model_file(model, weight_type)))
    actual = probe.timbre_encoder(engine, fbank[0].numpy())
    # Half floats and int8 add up over thirty layers here, so the whole gets ten ceilings of a block.
    allowed = CEILING[weight_type] * (1 if weight_type == "f32" else 10)
    assert squared_error(actual, expected) < allowed


@pytest.mark.parametrize(
    ("layer", "mels", "frames"), [(1, 24, 41), (2, 24, 41), (3, 11, 40), (4, 6, 7)]
)
def test_block_before_its_residual_sum(model_file, layer, mels, frames):
    """The first block of a layer, its shortcut silenced."""
    model = small_model()
    block = getattr(model.timbre_encoder, f"layer{layer}")[0]
    norm = block.shortcut[1]
    norm.weight.zero_()
    norm.bias.zero_()
    width = block.conv1.in_channels
    x = torch.randn(1, width, mels, frames, generator=torch.Generator().manual_seed(layer))
    expected = block(x)[0].permute(1, 2, 0).numpy()  # (mels, frames, channels)
    engine = probe.Model(str(model_file(model)))
    actual = probe.eres2net_block(engine, layer, 0, x[0].permute(1, 2, 0).numpy())
    assert squared_error(actual, expected) < CEILING["f32"]


def test_threads_give_the_same_bits(model_file):
    model = small_model()
    path = str(model_file(model))
    fbank = random_fbank(77, SMALL.num_fbanks)[0].numpy()
    one, three = (probe.timbre_encoder(probe.Model(path, count), fbank) for count in (1, 3))
    np.testing.assert_array_equal(one, three)


def test_public_full_size(model_file):
    """The shapes of the public 17.86 M checkpoint, 1.5 s."""
    config = replace(tiny_config(), timbre_encoder=base().timbre_encoder)
    model = tiny_model(5, config)
    encoder = model.timbre_encoder
    assert sum(p.numel() for p in encoder.parameters()) == pytest.approx(17.86e6, rel=1e-3)
    fbank = random_fbank(148, 80)
    expected = encoder(fbank)[0].numpy()
    actual = probe.timbre_encoder(probe.Model(str(model_file(model))), fbank[0].numpy())
    assert squared_error(actual, expected) < CEILING["f32"]


@pytest.mark.parametrize(
    ("shape", "text"),
    [((8, 24), "at least 9 frames, got 8"), ((50, 80), "takes 24 filter banks, got 80")],
)
def test_inputs_that_do_not_fit(model_file, shape, text):
    engine = probe.Model(str(model_file(small_model())))
    with pytest.raises(ValueError, match=text):
        probe.timbre_encoder(engine, np.zeros(shape, np.float32))
