"""The methods of MuSpeaker: shapes, and padding that changes nothing; `engine` is compared with C++."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from typing import TYPE_CHECKING

from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.linguistic_encoder import TokenIds
from tests.padding import normal, padded, some
from tests.tiny_model import tiny_config, tiny_model

if TYPE_CHECKING:
    from muspeaker.twin.model.muspeaker import MuSpeaker

pytestmark = pytest.mark.torch

CONFIG = tiny_config()
HIDDEN, STYLE = CONFIG.linguistic_encoder.hidden, CONFIG.style_encoder.hidden
LATENT, NUM_MELS = CONFIG.mel_encoder.latent, CONFIG.audio.num_mels
TOKENS, FRAMES = 7, 23
LONGER = 5  # frames or tokens of padding
DURATIONS = [[3, 4, 2, 5, 0, 6, 3]]


@pytest.fixture(scope="module")
def model() -> MuSpeaker:
    return tiny_model()


def ids(tokens: int) -> TokenIds:
    positions = torch.arange(tokens).unsqueeze(0)
    return TokenIds(*(positions % count for count in (12, 3, 2)))


def test_shapes_of_all_parts(model):
    mask = some(TOKENS)
    e_ling = model.linguistic_encoder(ids(TOKENS), mask)
    assert e_ling.shape == (1, TOKENS, HIDDEN)
    path = make_path(torch.tensor(DURATIONS), FRAMES)
    mel = normal(1, NUM_MELS, FRAMES)
    mean, log_std = model.mel_encoder(mel, path)
    assert mean.shape == log_std.shape == (1, TOKENS, LATENT)
    assert model.vp_flow(mean, e_ling, mask).shape == mean.shape
    assert model.style_encoder(mel).shape == (1, -(-FRAMES // 4), STYLE)
    timbre = model.timbre_encoder(normal(1, 40, CONFIG.timbre_encoder.num_fbanks))
    assert timbre.shape == (1, CONFIG.timbre_encoder.embedding)
    assert model.encode_content(ids(TOKENS), mean, mask).shape == e_ling.shape
    assert model.encode_recording(ids(TOKENS), mel, path, mask).shape == e_ling.shape
    timbre, e_lat = normal(1, CONFIG.timbre_size), normal(1, FRAMES, HIDDEN)
    assert model.decode_mel(e_lat, timbre, some(FRAMES)).shape == (1, NUM_MELS, FRAMES)


def test_content_is_the_text_plus_what_the_latent_adds(model):
    """The noise that the flow makes of a posterior's mean gives the recording's content again."""
    mask, path = some(TOKENS), make_path(torch.tensor(DURATIONS), FRAMES)
    mel = normal(1, NUM_MELS, FRAMES)
    e_ling = model.linguistic_encoder(ids(TOKENS), mask)
    noise = model.vp_flow(model.mel_encoder(mel, path)[0], e_ling, mask)
    heard = model.encode_recording(ids(TOKENS), mel, path, mask)
    torch.testing.assert_close(model.encode_content(ids(TOKENS), noise, mask), heard)
    assert (heard - e_ling).abs().max() > 0.1


def test_padding_changes_no_content(model):
    noise = normal(1, TOKENS, LATENT)
    e_con = model.encode_content(ids(TOKENS), noise, some(TOKENS))
    long = TokenIds(*(padded(x, LONGER, 1) for x in ids(TOKENS)))
    mask = some(TOKENS, TOKENS + LONGER)
    long_e_con = model.encode_content(long, padded(noise, LONGER, 9.0), mask)
    torch.testing.assert_close(long_e_con[:, :TOKENS], e_con)


def test_padding_changes_no_mel(model):
    e_lat, timbre = normal(1, FRAMES, HIDDEN), normal(1, CONFIG.timbre_size)
    mel = model.decode_mel(e_lat, timbre, some(FRAMES))
    # The first convolution looks beyond the mask, so callers pad e_lat with zeros.
    long = model.decode_mel(padded(e_lat, LONGER, 0.0), timbre, some(FRAMES, FRAMES + LONGER))
    torch.testing.assert_close(long[..., :FRAMES], mel)
