"""Muon: momentum whose update is made orthogonal, for matrices and convolutions; AdamW for the rest."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

POLYNOMIAL = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
SMALLEST_SIDE = 8
SMALLEST_NORM = 1e-7
ADAMW_RMS = 0.2


def orthogonalize(matrix: torch.Tensor) -> torch.Tensor:
    """Move the singular values of a matrix close to one by Newton-Schulz iterations.

    Every iterate is a polynomial of the Gram matrix times the matrix itself. On a CPU the iterations
    stay with the square Gram matrix, in float32, and the product is taken once: a third of the work, and
    many CPUs have no bf16 arithmetic. On a GPU they run as published, in bf16.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".

    Args:
        matrix: (rows, columns), or a stack of such, each made orthogonal by itself.

    Returns:
        The shape of matrix, bfloat16 on a GPU, else float32.
    """
    wide = matrix.shape[-2] <= matrix.shape[-1]
    x = matrix if wide else matrix.mT
    x = _iterate(x.bfloat16()) if x.is_cuda else _iterate_gram(x.float())
    return x if wide else x.mT


def _iterate(x: torch.Tensor) -> torch.Tensor:
    a, b, c = POLYNOMIAL
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + SMALLEST_NORM)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _iterate_gram(x: torch.Tensor) -> torch.Tensor:
    a, b, c = POLYNOMIAL
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + SMALLEST_NORM)
    gram = x @ x.mT
    factor = torch.eye(x.shape[-2], dtype=x.dtype, device=x.device).expand_as(gram)
    for _ in range(ITERATIONS):
        step = b * gram + c * gram @ gram
        step.diagonal(dim1=-2, dim2=-1).add_(a)
        factor = step @ factor
        gram = step @ gram @ step
    return factor @ x


class Muon(torch.optim.Optimizer):
    """Muon for the weights of linear and convolution layers, AdamW for every other parameter.

    The update is scaled to the size of AdamW's (Liu et al. 2025, arXiv:2502.16982, Eq. 4), so that
    both share one learning rate.

    Args:
        module: Its parameters; embeddings, vectors and thin matrices go to AdamW.
        rate: Learning rate.
        momentum: Momentum of Muon.
        betas: Betas of AdamW.
        weight_decay: Decoupled, of both.
    """

    def __init__(
        self,
        module: nn.Module,
        rate: float,
        *,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
        weight_decay: float = 1e-2,
    ) -> None:
        hidden = {id(weight) for weight in map(_matrix, module.modules()) if weight is not None}
        parameters = list(module.parameters())
        groups: list[dict[str, Any]] = [
            {"params": [p for p in parameters if id(p) in hidden], "muon": True},
            {"params": [p for p in parameters if id(p) not in hidden], "muon": False},
        ]
        defaults = {
            "lr": rate, "momentum": momentum, "betas": betas, "weight_decay": weight_decay, "eps": 1e-8,
        }  # fmt: skip
        super().__init__([group for group in groups if group["params"]], defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step; there is no closure."""
        assert closure is None
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            change = (self._muon_updates if group["muon"] else self._adam_updates)(
                parameters, group
            )
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_mul_(change, group["lr"])
            torch._foreach_sub_(parameters, change)

    def _muon_updates(
        self, parameters: list[torch.Tensor], group: dict[str, Any]
    ) -> list[torch.Tensor]:
        """Matrices of one shape are made orthogonal together: a GPU waits for launches, not for products."""
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        momenta = [self.state[parameter]["momentum"] for parameter in parameters]
        grads = _gradients(parameters)
        torch._foreach_lerp_(momenta, grads, 1 - group["momentum"])
        nesterov = torch._foreach_lerp(grads, momenta, group["momentum"])
        by_shape: dict[torch.Size, list[int]] = defaultdict(list)
        for number, one in enumerate(nesterov):
            by_shape[one.flatten(1).shape].append(number)
        changes: list[torch.Tensor] = list(nesterov)
        for shape, numbers in by_shape.items():
            stack = torch.stack([nesterov[number].flatten(1) for number in numbers])
            stack = ADAMW_RMS * max(shape) ** 0.5 * orthogonalize(stack).to(stack.dtype)
            for number, change in zip(numbers, stack, strict=True):
                changes[number] = change.view_as(parameters[number])
        return changes

    def _adam_updates(
        self, parameters: list[torch.Tensor], group: dict[str, Any]
    ) -> list[torch.Tensor]:
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = 0
                state["mean"], state["square"] = (torch.zeros_like(parameter) for _ in range(2))
            state["step"] += 1
        states = [self.state[parameter] for parameter in parameters]
        means, squares = ([state[name] for state in states] for name in ("mean", "square"))
        grads = _gradients(parameters)
        beta1, beta2 = group["betas"]
        torch._foreach_lerp_(means, grads, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)
        mean = torch._foreach_div(means, [1 - beta1 ** state["step"] for state in states])
        deviation = torch._foreach_div(squares, [1 - beta2 ** state["step"] for state in states])
        torch._foreach_sqrt_(deviation)
        torch._foreach_add_(deviation, group["eps"])
        torch._foreach_div_(mean, deviation)
        return list(mean)


def _gradients(parameters: list[torch.Tensor]) -> list[torch.Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _matrix(layer: nn.Module) -> torch.Tensor | None:
    """The weight of a layer that Muon steps, the direction where weight norm splits it."""
    if not isinstance(layer, (nn.Linear, nn.Conv1d, nn.ConvTranspose1d, nn.Conv2d)):
        return None
    split = dict(layer.named_parameters()).get("parametrizations.weight.original1")
    weight: torch.Tensor = layer.weight if split is None else split
    return weight if min(weight.flatten(1).shape) >= SMALLEST_SIDE else None
