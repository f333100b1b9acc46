"""The file itself: layout of each tensor, header, fingerprint, and an atomic write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from muspeaker.config import FORMAT_VERSION, ModelConfig, VocoderConfig
from muspeaker.quantize import WEIGHT_TYPE_KEY, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FINGERPRINT_DIGITS = 16
SPECTRAL_SIZES = (
    "channels",
    "hidden",
    "num_blocks",
    "kernel",
)  # sizes of the other kind of vocoder


class Layout:
    """Puts each weight of a model into the order of axes that the engine reads.

    Args:
        model: The module that the names belong to.
    """

    def __init__(self, model: nn.Module) -> None:
        self._modules = dict(model.named_modules())

    def arrange(self, name: str, tensor: torch.Tensor) -> np.ndarray:
        """Permute one tensor.

        Args:
            name: Its key in the state dict.
            tensor: float32 of PyTorch's shape.

        Returns:
            (kernel, out, in) for 1-D convolutions, transposed or not; the shape of tensor for the rest.
        """
        module = self._modules.get(name.rpartition(".")[0])
        if tensor.dim() == 3:
            tensor = tensor.permute(
                (2, 1, 0) if isinstance(module, nn.ConvTranspose1d) else (2, 0, 1)
            )
        return np.ascontiguousarray(tensor.numpy(), dtype=np.float32)


def header_fields(config: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Walk the dataclasses: dotted name and value of every field that is there."""
    for item in fields(config):  # type: ignore[arg-type]
        value = getattr(config, item.name)
        if value is None:
            continue  # a part that this model lacks
        if is_dataclass(value):
            yield from header_fields(value, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name, value


def fingerprint(config: ModelConfig, weights: Mapping[str, np.ndarray]) -> str:
    """Hash sizes and f32 weights, so that f32, f16 and q8 files of one model share a fingerprint.

    Fields that older files lack count unless they say what those files mean: the same model, written again,
    keeps the voices that it made.
    """
    sizes = {name: value for name, value in asdict(config).items() if value is not None}
    vocoder = sizes["vocoder"]
    if config.vocoder.kind == VocoderConfig().kind:
        for name in ("kind", *SPECTRAL_SIZES):
            vocoder.pop(name)
    if config.vocoder.correction_passes == VocoderConfig().correction_passes:
        vocoder.pop("correction_passes")
    digest = hashlib.sha256(json.dumps(sizes, sort_keys=True).encode())
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}".encode())
        digest.update(weights[name].astype("<f4").tobytes())
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def write_model(
    path: Path,
    config: ModelConfig,
    weight_type: str,
    model_fingerprint: str,
    tensors: Mapping[str, np.ndarray],
) -> None:
    """Write to a temporary name in the same folder, then rename.

    Raises:
        ValueError: If a name is longer than the reader takes.
    """
    header = {
        "muspeaker.format_version": FORMAT_VERSION,
        WEIGHT_TYPE_KEY: weight_type,
        "muspeaker.fingerprint": model_fingerprint,
    }
    header |= {f"muspeaker.{name}": value for name, value in header_fields(config)}
    write_file(path, ((key, value, None) for key, value in header.items()), tensors)
