"""NsfHifigan in C++ against PyTorch, noise and phase given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.harmonic_source import integrate_phase
from muspeaker.twin.model.nsf_hifigan import NsfHifigan
from tests.closeness import CEILING, squared_error
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch


def inputs_of(model, frames: int) -> tuple[torch.Tensor, ...]:
    """mel (1, mels, frames), f0 (1, frames), phase and noise (1, samples)."""
    generator = torch.Generator().manual_seed(frames)
    mel = torch.randn(1, model.config.audio.num_mels, frames, generator=generator)
    f0 = 80 + 200 * torch.rand(1, frames, generator=generator)
    f0[:, frames // 3 : frames // 2] = 0
    phase = integrate_phase(f0, model.config.audio)
    return mel, f0, phase, torch.randn(phase.shape, generator=generator)


def run(path, inputs: tuple[torch.Tensor, ...], num_threads: int = 1, **options) -> np.ndarray:
    mel, *others = (x[0].numpy() for x in inputs)
    return probe.nsf_hifigan(probe.Model(str(path), num_threads), mel.T, *others, **options)


@pytest.mark.parametrize("frames", [1, 2, 37])
@pytest.mark.parametrize(
    ("weight_type", "int8"), [("f32", True), ("f16", True), ("q8", False), ("q8", True)]
)
def test_vocoder(model_file, weight_type, int8, frames):
    model = tiny_model(7)
    inputs = inputs_of(model, frames)
    expected = model.vocoder(*inputs)[0].numpy()
    actual = run(model_file(model, weight_type), inputs, int8=int8)
    # Half floats and int8 add up over some fifty layers here: ten ceilings of a block.
    allowed = CEILING[weight_type] * (1 if weight_type == "f32" else 10)
    assert squared_error(actual, expected) < allowed


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_threads_give_the_same_bits(model_file, weight_type):
    model = tiny_model(7)
    path, inputs = model_file(model, weight_type), inputs_of(model, 21)
    np.testing.assert_array_equal(run(path, inputs, 1), run(path, inputs, 3))


def test_sizes_that_cannot_work():
    config = tiny_config()
    with pytest.raises(ValueError, match=r"upsample rates \(8, 8\) must multiply to 256"):
        NsfHifigan(replace(config.vocoder, upsample_rates=(8, 8)), config.audio)
