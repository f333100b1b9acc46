"""Checkpoints on disk and in memory, and what must hold of them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from muspeaker.train.convert_weights.fold import fold_weight_norm

if TYPE_CHECKING:
    from pathlib import Path

WRAPPERS = ("model", "state_dict", "model_state_dict")
PREFIXES = ("module.", "embedding_model.", "timbre_encoder.")
COUNTERS = ".num_batches_tracked"  # of batch norm in training; absent from some public checkpoints
MAX_NAMED = 12


class CheckpointError(ValueError):
    """A checkpoint that does not hold what it should; the text says which names."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a training checkpoint: a PyTorch file, or safetensors with a "config" entry of JSON metadata.

    Raises:
        CheckpointError: If the file is neither, or holds anything but plain data and tensors.
        FileNotFoundError: If there is none.
    """
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as file:
                config = json.loads((file.metadata() or {}).get("config", "null"))
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                return {"config": config, "model": state}
        except (SafetensorError, json.JSONDecodeError) as error:
            raise CheckpointError(f"{path} is not a safetensors checkpoint: {error}") from error
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        # PyTorch's own text advises to load the file unsafely.
        raise CheckpointError(f"{path} is not a PyTorch checkpoint of plain data") from error
    if not isinstance(checkpoint, Mapping):
        raise CheckpointError(f"{path} must hold a mapping, got {type(checkpoint).__name__}")
    return dict(checkpoint)


def read_timbre_checkpoint(path: Path) -> dict[str, torch.Tensor]:
    """Read a public ERes2NetV2 state dict, bare or wrapped, with or without a common prefix.

    Raises:
        CheckpointError: If the file cannot be read or holds no tensors.
        FileNotFoundError: If there is none.
    """
    state: Any = read_checkpoint(path)
    for wrapper in WRAPPERS:
        state = state[wrapper] if isinstance(state.get(wrapper), Mapping) else state
    state = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    for prefix in PREFIXES:
        if any(name.startswith(prefix) for name in state):
            state = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    if not state:
        raise CheckpointError(f"{path} holds no tensors of a timbre encoder")
    state = {name.replace("seg_1.linear.", "seg_1."): tensor for name, tensor in state.items()}
    # A training checkpoint may carry the second embedding layer, which the published network skips.
    return {name: x for name, x in state.items() if not name.startswith(("seg_2.", "seg_bn_1."))}


def read_config_and_state(
    checkpoint: Mapping[str, Any],
) -> tuple[Mapping[str, object], dict[str, torch.Tensor]]:
    """Take the two entries apart.

    Raises:
        CheckpointError: If one is missing or of another kind.
    """
    config, state = checkpoint.get("config"), checkpoint.get("model")
    if not isinstance(config, Mapping) or not isinstance(state, Mapping):
        raise CheckpointError(
            'a checkpoint must map "config" to a mapping and "model" to a state dict, got '
            f"{type(config).__name__} and {type(state).__name__}"
        )
    strange = [name for name, value in state.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise CheckpointError(f"checkpoint has entries that are no tensors: {listed(strange)}")
    return config, dict(state)


def check_state(
    state: Mapping[str, torch.Tensor], model: nn.Module, what: str
) -> dict[str, torch.Tensor]:
    """Compare a state dict, weight norm folded, with the model that should take it.

    Args:
        state: Name to tensor.
        model: The module, on any device.
        what: Begins the error text.

    Returns:
        The state as float32, batch norm's counters left out.

    Raises:
        CheckpointError: Naming what is missing, unknown, misshapen, not floating point or not finite.
    """
    wanted = {
        name: tuple(tensor.shape)
        for name, tensor in fold_weight_norm(model.state_dict()).items()
        if not name.endswith(COUNTERS)
    }
    state = {name: tensor for name, tensor in state.items() if not name.endswith(COUNTERS)}
    shared = sorted(wanted.keys() & state.keys())
    faults = {
        "lacks": sorted(wanted.keys() - state.keys()),
        "has unknown": sorted(state.keys() - wanted.keys()),
        "has misshapen": [
            f"{name} {tuple(state[name].shape)}, expected {wanted[name]}"
            for name in shared
            if tuple(state[name].shape) != wanted[name]
        ],
        "has, not floating point,": [n for n in shared if not state[n].is_floating_point()],
        "has, not finite,": [n for n in shared if not bool(torch.isfinite(state[n]).all())],
    }
    if any(faults.values()):
        texts = [f"{fault} {listed(names)}" for fault, names in faults.items() if names]
        raise CheckpointError(f"{what} {'; '.join(texts)}")
    return {name: state[name].detach().cpu().float() for name in shared}


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f", and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
