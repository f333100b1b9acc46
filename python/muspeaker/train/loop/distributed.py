"""Several processes as one: each takes its share of a batch, and gradients are averaged.

The gradients of one step are sent as one tensor once they are all there. With networks this small, sending
while computing gains nothing, and so a trainer may run its parts in any order and as often as it likes.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from traceback import clear_frames
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import nn

PATIENCE = timedelta(hours=12)  # while the first process computes what all will read


def start() -> torch.device:
    """Join the processes that torchrun started, if it did; returns this process's device."""
    cuda = torch.cuda.is_available()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        # Its functions have the group as a default argument if there is one when they are imported,
        # as the first optimizer does. Then nothing can end the group, and its threads still let go of
        # tensors while the interpreter is taken down, which ends the process with SIGABRT.
        import_module("torch.distributed.nn.functional")
        dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
        atexit.register(_leave)
    if not cuda:
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


def _leave() -> None:
    """End the group and join its threads; waits for no other process, so one that failed stops none."""
    clear_frames(getattr(sys, "last_traceback", None))  # the call that failed has the group
    dist.destroy_process_group()


def rank() -> int:
    """Number of this process."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


@contextmanager
def first_goes_ahead() -> Iterator[None]:
    """Let the first process make the files that the others then find."""
    start()
    if world() > 1 and rank() > 0:
        dist.barrier()
    yield
    if world() > 1 and rank() == 0:
        dist.barrier()


def joint_mean(value: torch.Tensor) -> torch.Tensor:
    """The mean of a tensor over all processes, without gradient."""
    if world() == 1:
        return value.detach()
    total = value.detach().float().clone()
    dist.all_reduce(total)
    return total / world()


def gather(value: torch.Tensor) -> torch.Tensor:
    """The tensors of all processes concatenated, of equal shapes, without gradient."""
    if world() == 1:
        return value.detach()
    parts = [torch.empty_like(value) for _ in range(world())]
    dist.all_gather(parts, value.detach().contiguous())
    return torch.cat(parts)


def from_first(value: float, device: torch.device) -> float:
    """What the first process says, so that clocks agree."""
    if world() == 1:
        return value
    said = torch.tensor(value, dtype=torch.float64, device=device)
    dist.broadcast(said, 0)
    return float(said)


@torch.no_grad()
def same_start(module: nn.Module) -> None:
    """Give every process the first one's weights and buffers."""
    if world() > 1:
        for tensor in [*module.parameters(), *module.buffers()]:
            dist.broadcast(tensor, 0)


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes; one that is missing counts as zero."""
    if world() == 1:
        return
    learned = [p for p in parameters if p.requires_grad]
    flat = torch.cat([
        (torch.zeros_like(p) if p.grad is None else p.grad).flatten().float() for p in learned
    ])  # fmt: skip
    dist.all_reduce(flat)
    flat /= world()
    for parameter, mean in zip(learned, flat.split([p.numel() for p in learned]), strict=True):
        parameter.grad = mean.view_as(parameter).to(parameter.dtype).clone()
