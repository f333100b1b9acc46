"""Muon: its update is orthogonal, and the two ways to make it agree."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.train.loop.muon import _iterate, _iterate_gram, orthogonalize

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("shape", [(24, 24), (24, 80), (80, 24)])
def test_singular_values_come_close_to_one(shape):
    torch.manual_seed(0)
    made = orthogonalize(torch.randn(shape))
    assert made.shape == shape
    assert made.dtype == torch.float32
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_the_directions_stay():
    torch.manual_seed(0)
    matrix = torch.randn(16, 40)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ orthogonalize(matrix) @ right.T
    assert (turned - turned.diagonal().diag()).abs().max() < 1e-4


@pytest.mark.parametrize("rank", [1, 5, 16])
def test_both_ways_agree(rank):
    torch.manual_seed(0)
    matrix = torch.randn(16, rank) @ torch.randn(rank, 40)
    torch.testing.assert_close(_iterate_gram(matrix), _iterate(matrix), rtol=1e-2, atol=1e-3)


def test_no_gradient_gives_no_update():
    assert not orthogonalize(torch.zeros(8, 9)).any()
