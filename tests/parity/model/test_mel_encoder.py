"""MelEncoder in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.length_regulator import make_path
from tests.closeness import CEILING, squared_error
from tests.padding import normal
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


def test_padding_changes_no_posterior():
    encoder, frames = tiny_model().mel_encoder, 23
    durations = torch.tensor([[3, 4, 2, 5, 0, 6, 3]])
    mel = normal(1, 20, frames)
    plain = encoder(mel, make_path(durations, frames))
    long = encoder(
        torch.cat([mel, torch.zeros(1, 20, 5)], dim=2),
        make_path(torch.cat([durations, torch.zeros(1, 2, dtype=torch.long)], dim=1), frames + 5),
    )
    # Two 3x3 convolutions in each of two blocks reach four frames back from the end.
    torch.testing.assert_close(long[0][:, :5], plain[0][:, :5])
