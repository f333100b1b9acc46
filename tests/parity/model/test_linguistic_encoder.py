"""LinguisticEncoder in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from muspeaker.twin.model.linguistic_encoder import TokenIds
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.padding import padded, some
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("tokens", [1, 3, 40])  # 40: beyond the window of the position table
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_linguistic_encoder(model_file, weight_type, tokens):
    path = model_file(tiny_model(3), weight_type)
    model = load(path)  # PyTorch with the weights of the file
    rng = np.random.default_rng(tokens)
    sizes = model.config.linguistic_encoder
    limits = (sizes.num_phones, sizes.num_stresses, sizes.num_boundaries)
    ids = np.stack([rng.integers(0, limit, tokens) for limit in limits])
    mask = torch.ones(1, tokens, dtype=torch.bool)
    expected = model.linguistic_encoder(
        TokenIds(*(torch.tensor(x).unsqueeze(0) for x in ids)), mask
    )
    actual = probe.linguistic_encoder(probe.Model(str(path)), ids)
    actual = actual.reshape(tokens, sizes.hidden)
    assert squared_error(actual, expected[0].numpy()) < CEILING["f32"]


def test_threads_give_the_same_bits(model_file):
    path = model_file(tiny_model(3))
    ids = np.tile(np.arange(33) % 3, (3, 1))
    one, three = (
        probe.linguistic_encoder(probe.Model(str(path), threads), ids) for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_padding_changes_no_token():
    encoder = tiny_model().linguistic_encoder
    ids = [torch.arange(7).unsqueeze(0) % count for count in (12, 3, 2)]
    e_ling = encoder(TokenIds(*ids), some(7))
    long = encoder(TokenIds(*(padded(x, 5, 1) for x in ids)), some(7, 12))
    torch.testing.assert_close(long[:, :7], e_ling)
    assert long[:, 7:].abs().max() == 0
