"""StyleEncoder in C++ against PyTorch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("frames", [1, 4, 5, 333])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_style_encoder(model_file, weight_type, frames):
    path = model_file(tiny_model(5), weight_type)
    model = load(path)
    generator = torch.Generator().manual_seed(frames)
    mel = torch.randn(1, model.config.audio.num_mels, frames, generator=generator)
    expected = model.style_encoder(mel)[0].numpy()
    actual = probe.style_encoder(probe.Model(str(path)), mel[0].numpy().T)
    actual = actual.reshape(-1, model.config.style_encoder.hidden)
    assert len(actual) == (frames + 3) // 4
    assert squared_error(actual, expected) < CEILING["f32"]
