"""Random tensors, and the same with padding after them."""

from __future__ import annotations

import torch


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal values of a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def some(length: int, total: int | None = None) -> torch.Tensor:
    """A (1, total) mask whose first `length` are true."""
    return torch.arange(total or length).unsqueeze(0) < length


def padded(x: torch.Tensor, amount: int, value: float) -> torch.Tensor:
    """x with `amount` garbage entries at the end of its second axis."""
    return torch.cat([x, torch.full((1, amount, *x.shape[2:]), value, dtype=x.dtype)], dim=1)
