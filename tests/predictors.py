"""What the tests of the three predictors share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.model_reader import load

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [(1, 1), (7, 60), (900, 33)]  # frames of the content and of the style


def assert_predictor_agrees(path: Path, stem: str, frames: int, style_frames: int) -> None:
    """Compare C++ with PyTorch on the weights of a file, less the bias, which would hide errors."""
    model = load(path)
    generator = torch.Generator().manual_seed(frames)
    x = torch.randn(1, frames, model.config.linguistic_encoder.hidden, generator=generator)
    e_sty = torch.randn(1, style_frames, model.config.style_encoder.hidden, generator=generator)
    masks = (torch.ones(1, n, dtype=torch.bool) for n in (frames, style_frames))
    part = getattr(model.variation_adapter, stem)
    bias = part.linear.bias.clone().numpy()
    part.linear.bias.zero_()
    expected = part(x, e_sty, *masks)[0].numpy()
    actual = probe.predictor(probe.Model(str(path)), stem, x[0].numpy(), e_sty[0].numpy())
    assert squared_error(actual.reshape(frames, -1) - bias, expected) < CEILING["f32"]
