"""Muon: momentum whose update is made orthogonal, for matrices and convolutions; AdamW for the rest."""

from __future__ import annotations

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
        matrix: (rows, columns).

    Returns:
        The shape of matrix, bfloat16 on a GPU, else float32.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = _iterate(x.bfloat16()) if x.is_cuda else _iterate_gram(x.float())
    return x if wide else x.T


def _iterate(x: torch.Tensor) -> torch.Tensor:
    a, b, c = POLYNOMIAL
    x = x / (x.norm() + SMALLEST_NORM)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _iterate_gram(x: torch.Tensor) -> torch.Tensor:
    a, b, c = POLYNOMIAL
    x = x / (x.norm() + SMALLEST_NORM)
    gram, factor = x @ x.T, torch.eye(len(x), dtype=x.dtype, device=x.device)
    for _ in range(ITERATIONS):
        step = b * gram + c * gram @ gram
        step.diagonal().add_(a)
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
            update = self._muon_update if group["muon"] else self._adam_update
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                change = update(parameter, group)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(change, alpha=group["lr"])

    def _muon_update(self, parameter: torch.Tensor, group: dict[str, Any]) -> torch.Tensor:
        state, grad = self.state[parameter], parameter.grad
        assert grad is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(grad, 1 - group["momentum"])
        nesterov = grad.lerp(state["momentum"], group["momentum"]).flatten(1)
        scale = ADAMW_RMS * max(nesterov.shape) ** 0.5
        return scale * orthogonalize(nesterov).to(parameter.dtype).view_as(parameter)

    def _adam_update(self, parameter: torch.Tensor, group: dict[str, Any]) -> torch.Tensor:
        state, grad = self.state[parameter], parameter.grad
        assert grad is not None
        if not state:
            state["step"] = 0
            state["mean"], state["square"] = torch.zeros_like(grad), torch.zeros_like(grad)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        state["mean"].lerp_(grad, 1 - beta1)
        state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        mean = state["mean"] / (1 - beta1 ** state["step"])
        square = state["square"] / (1 - beta2 ** state["step"])
        return mean / (square.sqrt() + group["eps"])


def _matrix(layer: nn.Module) -> torch.Tensor | None:
    """The weight of a layer that Muon steps, the direction where weight norm splits it."""
    if not isinstance(layer, (nn.Linear, nn.Conv1d, nn.ConvTranspose1d, nn.Conv2d)):
        return None
    split = dict(layer.named_parameters()).get("parametrizations.weight.original1")
    weight: torch.Tensor = layer.weight if split is None else split
    return weight if min(weight.flatten(1).shape) >= SMALLEST_SIDE else None
