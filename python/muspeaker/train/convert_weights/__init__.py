"""From a PyTorch checkpoint to the one file that the engine reads; `docs/model-format.md` has the format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from muspeaker.config import base, config_from_dict
from muspeaker.quantize import WEIGHT_TYPES, store
from muspeaker.train.convert_weights.checkpoint import (
    CheckpointError,
    check_state,
    read_config_and_state,
)
from muspeaker.train.convert_weights.fold import fold_batch_norm, fold_weight_norm
from muspeaker.train.convert_weights.write import Layout, fingerprint, write_model
from muspeaker.twin.model.muspeaker import MuSpeaker
from muspeaker.twin.model.timbre_encoder import TimbreEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["WEIGHT_TYPES", "CheckpointError", "convert"]


def convert(
    checkpoint: Mapping[str, Any],
    path: Path,
    weight_type: str,
    timbre: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Write one model file, whole or not at all.

    Args:
        checkpoint: "config", `dataclasses.asdict` of a ModelConfig, and "model", a state dict of
            MuSpeaker; other entries are ignored. Weight norm may be in either of PyTorch's spellings or
            folded already.
        path: Where to write; a file that is there is replaced.
        weight_type: "f32", "f16" or "q8".
        timbre: State dict of the public full-size ERes2NetV2, to stand in for the timbre encoder.

    Raises:
        CheckpointError: If a tensor is missing, unknown, misshapen or not finite, or the config is bad.
        ValueError: If weight_type is none of the three.
    """
    if weight_type not in WEIGHT_TYPES:
        raise ValueError(
            f"weight_type must be one of {', '.join(WEIGHT_TYPES)}, got {weight_type!r}"
        )
    values, state = read_config_and_state(checkpoint)
    try:
        config = config_from_dict(values)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    state = fold_weight_norm(state)
    if timbre is not None:
        config = replace(config, timbre_encoder=base().timbre_encoder)
        with torch.device("meta"):
            encoder = TimbreEncoder(config.timbre_encoder)
        check_state(timbre, encoder, "timbre checkpoint")
        state = {k: v for k, v in state.items() if not k.startswith("timbre_encoder.")}
        state |= {f"timbre_encoder.{name}": tensor for name, tensor in timbre.items()}
    with torch.device("meta"):
        model = MuSpeaker(config)
    state = check_state(state, model, "checkpoint")
    layout = Layout(model)
    weights = {name: layout.arrange(name, x) for name, x in fold_batch_norm(state).items()}
    stored: dict[str, Any] = {}
    for name in sorted(weights):
        stored |= store(name, weights[name], weight_type)
    write_model(path, config, weight_type, fingerprint(config, weights), stored)
