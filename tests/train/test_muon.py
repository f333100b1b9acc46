"""Muon: its update is orthogonal, and the two ways to make it agree."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.train.loop.muon import Muon, _iterate, _iterate_gram, orthogonalize

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


def test_a_stack_is_as_its_matrices():
    torch.manual_seed(0)
    stack = torch.randn(3, 9, 16)
    for wide in (stack, stack.mT):
        alone = torch.stack([orthogonalize(matrix) for matrix in wide])
        torch.testing.assert_close(orthogonalize(wide), alone, rtol=1e-4, atol=1e-5)


def test_every_parameter_moves_by_itself():
    """Two layers of one shape are stepped together, and each as if it were alone."""

    def layer() -> torch.nn.Linear:
        torch.manual_seed(1)
        return torch.nn.Linear(9, 16)

    def moved(module: torch.nn.Module, grads: list[torch.Tensor]) -> list[torch.Tensor]:
        optimizer = Muon(module, 0.1)
        for factor in (1.0, -0.5, 2.0):
            for parameter, grad in zip(module.parameters(), grads, strict=True):
                parameter.grad = factor * grad
            optimizer.step()
        return [parameter.detach() for parameter in module.parameters()]

    grads = [torch.randn(16, 9), torch.randn(16), torch.randn(16, 9), torch.randn(16)]
    together = moved(torch.nn.ModuleList([layer(), layer()]), grads)
    alone = moved(layer(), grads[:2]) + moved(layer(), grads[2:])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert not torch.equal(together[0], together[2])


def test_a_rate_may_be_a_tensor():
    """As in a CUDA graph, which holds numbers fast."""

    def moved(rate: float | torch.Tensor) -> list[torch.Tensor]:
        torch.manual_seed(1)
        layer = torch.nn.Linear(9, 16)
        layer(torch.ones(2, 9)).square().sum().backward()
        optimizer = Muon(layer, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        return [parameter.detach() for parameter in layer.parameters()]

    torch.testing.assert_close(moved(torch.tensor(0.1)), moved(0.1))
