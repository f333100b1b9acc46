"""Training state on disk, and the average of the weights."""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from muspeaker.config import ModelConfig, PhoneClassifierConfig, config_from_dict
from muspeaker.sound.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
STAGE_WEIGHTS = {  # where the checkpoint of each stage has its weights
    "align": "aligner",
    "realign": "classifier",
    "timbre": "encoder",
    "teacher": "model",
    "student": "model",
    "vocoder": "generator",
}
AS_THEY_ARE = ("config", "step", "ema_steps")  # what is no weight, and goes along


class Ema:
    """An exponential moving average of a module's weights, which is what gets shipped.

    Attributes:
        module: The average.
        steps: Updates so far; the first ones forget the beginning faster.
    """

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take a step towards the module's weights; buffers are copied."""
        self.steps += 1
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine, theirs = (
            [parameter.data for parameter in one.parameters()] for one in (self.module, module)
        )
        torch._foreach_lerp_(mine, theirs, 1 - keep)
        for kept, current in zip(self.module.buffers(), module.buffers(), strict=True):
            kept.copy_(current)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every group, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` whole or not at all, so that a crash leaves the file of before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        torch.save(state, partial)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote.

    Raises:
        FileNotFoundError: If there is none.
    """
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_fitting(module: nn.Module, state: dict[str, Any], name: str, path: Path) -> bool:
    """Load a network that a run can do without; False, with a warning, if it lacks or is of other sizes."""
    shapes = {key: value.shape for key, value in module.state_dict().items()}
    if {key: value.shape for key, value in state.get(name, {}).items()} != shapes:
        log.warning("%s has no %s of these sizes: it starts from zero", path, name)
        return False
    module.load_state_dict(state[name])
    return True


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any] | None) -> None:
    """Continue an optimizer; one that a snapshot left out, or of another kind, starts from zero."""
    if state is None:
        return
    groups = [len(group["params"]) for group in optimizer.param_groups]
    if groups != [len(group["params"]) for group in state["param_groups"]]:
        log.warning(
            "the checkpoint's %s was of another kind: starts from zero", type(optimizer).__name__
        )
        return
    optimizer.load_state_dict(state)


FIRST_SIZES = ModelConfig(phone_classifier=PhoneClassifierConfig())


def config_of(state: dict[str, Any]) -> ModelConfig:
    """The sizes that a checkpoint was made with; those of the first models where it is too old to say."""
    return config_from_dict(state["config"]) if "config" in state else FIRST_SIZES
