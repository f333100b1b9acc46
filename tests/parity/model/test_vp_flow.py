"""VPFlow in C++ against PyTorch, both directions."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker._core import probe
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.padding import normal, padded, some
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


def inputs_of(model, tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Latent, e_ling and mask."""
    generator = torch.Generator().manual_seed(tokens)
    latent = torch.randn(1, tokens, model.config.mel_encoder.latent, generator=generator)
    hidden = model.config.linguistic_encoder.hidden
    e_ling = torch.randn(1, tokens, hidden, generator=generator)
    return latent, e_ling, torch.ones(1, tokens, dtype=torch.bool)


@pytest.mark.parametrize("tokens", [1, 2, 19])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_vp_flow(model_file, weight_type, inverse, tokens):
    path = model_file(tiny_model(4), weight_type)
    model = load(path)
    x, e_ling, mask = inputs_of(model, tokens)
    direction = model.vp_flow.inverse if inverse else model.vp_flow
    expected = (direction(x, e_ling, mask) - x)[0].numpy()  # what the couplings added
    actual = probe.vp_flow(probe.Model(str(path)), x[0].numpy(), e_ling[0].numpy(), inverse=inverse)
    assert squared_error(actual.reshape(tokens, -1) - x[0].numpy(), expected) < CEILING["f32"]


def test_inverse_undoes_forward(model_file):
    model = tiny_model(4)
    opened = probe.Model(str(model_file(model)))
    x, e_ling, _ = (t[0].numpy() for t in inputs_of(model, 12))
    noise = probe.vp_flow(opened, x, e_ling, inverse=False)
    assert not np.allclose(noise, x, atol=1e-2)
    np.testing.assert_allclose(
        probe.vp_flow(opened, noise, e_ling, inverse=True), x, rtol=0, atol=1e-5
    )


@pytest.fixture(scope="module")
def flow():
    return tiny_model().vp_flow


LATENT, HIDDEN = 8, 18  # of the tiny model


def test_flow_undoes_itself(flow):
    e_mel, e_ling, mask = normal(1, 7, LATENT), normal(1, 7, HIDDEN), some(7)
    noise = flow(e_mel, e_ling, mask)
    assert (noise - e_mel).abs().max() > 0.1
    torch.testing.assert_close(flow.inverse(noise, e_ling, mask), e_mel)


def test_flow_preserves_volume(flow):
    """The Jacobian's determinant is plus or minus one: couplings shift, and swapping permutes."""
    tokens = 3
    e_ling, mask = normal(1, tokens, HIDDEN), some(tokens)

    def flat_flow(flat: torch.Tensor) -> torch.Tensor:
        return flow(flat.view(1, tokens, LATENT), e_ling, mask).flatten()

    jacobian = torch.autograd.functional.jacobian(flat_flow, normal(tokens * LATENT))
    eye = torch.eye(tokens * LATENT)
    assert (jacobian - eye).abs().max() > 0.1
    assert abs(torch.linalg.det(jacobian.double()).item()) == pytest.approx(1.0, abs=1e-4)


def test_padding_changes_no_token(flow):
    e_mel, e_ling = normal(1, 7, LATENT), normal(1, 7, HIDDEN)
    noise = flow(e_mel, e_ling, some(7))
    long = flow(padded(e_mel, 5, 9.0), padded(e_ling, 5, 9.0), some(7, 12))
    torch.testing.assert_close(long[:, :7], noise)
