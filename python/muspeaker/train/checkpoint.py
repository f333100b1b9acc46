"""Training state on disk, and the loop's shared pieces."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path


class Ema:
    """An exponential moving average of a module's weights, which is what gets shipped."""

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self._steps = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take a step towards the module's weights; buffers are copied."""
        self._steps += 1
        keep = min(self.decay, (1 + self._steps) / (10 + self._steps))
        for mine, theirs in zip(self.module.parameters(), module.parameters(), strict=True):
            mine.lerp_(theirs, 1 - keep)
        for kept, current in zip(self.module.buffers(), module.buffers(), strict=True):
            kept.copy_(current)


class Clock:
    """Training progress in wall-clock time, for schedules that fit a budget of minutes."""

    def __init__(self, minutes: float) -> None:
        self._seconds = minutes * 60
        self._start = time.monotonic()

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, (time.monotonic() - self._start) / self._seconds)

    def learning_rate(self, peak: float, step: int, warmup: int = 100) -> float:
        """Linear warm-up, then a half cosine down to a fiftieth of the peak over the budget."""
        cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress))
        return peak * min(1.0, (step + 1) / warmup) * cosine


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to a temporary name, then rename, so that a crash loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote.

    Raises:
        FileNotFoundError: If there is none.
    """
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any] | None) -> None:
    """Continue an optimizer; one whose state a snapshot left out starts anew."""
    if state is not None:
        optimizer.load_state_dict(state)
