"""Decoders that learn a prompt: NumPy against PyTorch, and the engine with what they have learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.config import REFINING
from muspeaker.decoder_changes import DecoderChanges
from muspeaker.refining import Decoder, learn
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from muspeaker.twin.engine.cloner import Cloner
from muspeaker.twin.engine.listener import Listener
from muspeaker.twin.engine.refinement import refine
from muspeaker.twin.engine.synthesizer import Synthesizer
from tests.closeness import CEILING, squared_error
from tests.engine_calls import PLAIN, TOKENS, tokens_of, twin_ids, twin_voice, voice_of
from tests.model_reader import load
from tests.padding import normal
from tests.tiny_model import decided_model, tiny_config, tiny_model

if TYPE_CHECKING:
    from muspeaker.twin.model.mel_decoder import MelDecoder

pytestmark = pytest.mark.torch

FRAMES = 30


def as_stored(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Parameters of the twin as the engine has them: convolutions (kernel, out, in), or (out, in)."""
    turned = {
        name: x.detach().permute(2, 0, 1) if x.dim() == 3 else x.detach()
        for name, x in tensors.items()
    }
    return {
        name: np.ascontiguousarray((x[0] if x.dim() == 3 and len(x) == 1 else x).numpy())
        for name, x in turned.items()
    }


def as_twin(changes: DecoderChanges, decoder: MelDecoder) -> dict[str, torch.Tensor]:
    """Changes as the twin takes them."""
    own = dict(decoder.named_parameters())
    found = {}
    for name, values in zip(sorted(own), changes.tensors(), strict=True):
        shape = own[name].shape
        if len(shape) == 3:
            x = torch.from_numpy(values).reshape(shape[2], *shape[:2]).permute(1, 2, 0)
        else:
            x = torch.from_numpy(values).reshape(shape)
        found[name] = x.contiguous()
    return found


def random_changes(decoder: MelDecoder, size: float = 0.05, seed: int = 3) -> DecoderChanges:
    rng = np.random.default_rng(seed)
    stored = as_stored(dict(decoder.named_parameters()))
    return DecoderChanges.of(
        {name: rng.normal(0, size, x.shape).astype("f4") for name, x in stored.items()}
    )


def inputs_of(decoder: MelDecoder, frames: int = FRAMES) -> tuple[torch.Tensor, ...]:
    """What a decoder is given, and a mel of which some is silent."""
    content, timbre = decoder.conv_pre.in_channels, decoder.blocks[0].norm1.linear.in_features
    e_lat, e_tim = normal(1, frames, content), normal(1, timbre)
    mel = 3 * normal(1, decoder.conv_post.out_channels, frames) - 6
    assert 0.05 < (mel < REFINING.floor).float().mean() < 0.5
    return e_lat, e_tim, mel


def as_numpy(inputs: tuple[torch.Tensor, ...]) -> tuple[np.ndarray, ...]:
    e_lat, e_tim, mel = (x[0].numpy() for x in inputs)
    return e_lat, e_tim, np.ascontiguousarray(mel.T)


def test_the_slopes_are_those_of_autograd():
    decoder = tiny_model().mel_decoder.requires_grad_()
    inputs = inputs_of(decoder)
    e_lat, e_tim, mel = as_numpy(inputs)
    ours = Decoder(as_stored(dict(decoder.named_parameters())))
    weights = np.random.default_rng(1).normal(size=mel.shape).astype("f4")
    made = ours.forward(e_lat, e_tim)
    slopes = ours.as_stored(ours.backward(weights))
    expected = decoder(*inputs[:2], torch.ones(1, FRAMES, dtype=torch.bool))
    assert squared_error(made, expected.detach()[0].numpy().T) < CEILING["f32"]
    (expected[0].T * torch.from_numpy(weights)).sum().backward()
    wanted = as_stored({name: x.grad for name, x in decoder.named_parameters()})
    for name, slope in slopes.items():
        if "norm2" not in name and "conv1.bias" in name:
            continue  # the norm behind it takes the mean away: its slope is rounding
        assert squared_error(slope, wanted[name]) < CEILING["f32"], name
    for name in ("blocks.0.conv1.bias", "blocks.1.conv1.bias"):
        assert np.abs(slopes[name]).max() < 1e-4


def test_three_steps_are_those_of_pytorch():
    decoder = tiny_model().mel_decoder
    inputs = inputs_of(decoder)
    ours = Decoder(as_stored(dict(decoder.named_parameters())))
    before = ours.parameters.copy()
    learn(ours, as_numpy(inputs), 3)
    actual = ours.as_stored(REFINING.share * (ours.parameters - before))
    expected = as_stored(refine(decoder, *inputs, steps=3))
    for name, change in expected.items():
        if "conv1.bias" not in name:  # Adam makes whole steps of slopes that are rounding
            assert np.abs(change).max() > REFINING.rate
            assert squared_error(actual[name], change) < 1e-4, name


def test_the_loss_falls():
    decoder = tiny_model().mel_decoder
    inputs = as_numpy(inputs_of(decoder))
    losses = [
        learn(Decoder(as_stored(dict(decoder.named_parameters()))), inputs, steps)
        for steps in (1, 10, 40)
    ]
    assert losses[0] > losses[1] > losses[2] > 0
