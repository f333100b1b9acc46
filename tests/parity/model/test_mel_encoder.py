"""MelEncoder in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


def path_of(durations: list[int], frames: int) -> torch.Tensor:
    """(1, tokens, frames), one where the phone holds the frame."""
    path = torch.zeros(1, len(durations), frames)
    first = 0
    for token, duration in enumerate(durations):
        path[0, token, first : first + duration] = 1
        first += duration
    return path


@pytest.mark.parametrize(
    ("durations", "frames"),
    [([1], 1), ([3, 0, 5, 1], 9), ([4, 7, 2], 20), ([5, 30], 20)],
    ids=["one frame", "a phone without frames", "frames left over", "more than there are"],
)
@pytest.mark.parametrize("num_threads", [1, 3])
def test_encoder(model_file, durations, frames, num_threads):
    model = tiny_model(2)
    num_mels = model.config.audio.num_mels
    mel = torch.randn(1, num_mels, frames, generator=torch.Generator().manual_seed(frames))
    expected = model.mel_encoder(mel, path_of(durations, frames))
    engine = probe.Model(str(model_file(model)), num_threads)
    actual = probe.mel_encoder(engine, mel[0].T.numpy(), np.array(durations, np.int32))
    for result, wanted in zip(actual, expected, strict=True):
        posterior = result.reshape(-1, model.config.mel_encoder.latent)  # also where tokens is 1
        assert squared_error(posterior, wanted[0].numpy()) < CEILING["f32"]
