"""A reader of model files written from docs/model-format.md, so that the converter is not its own judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from muspeaker.config import ModelConfig, config_from_dict
from muspeaker.quantize import HEADER_CHECKSUM_KEY
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header without the prefix, and tensors in NumPy's order of axes."""
    reader = gguf.GGUFReader(path)
    header = {
        name.removeprefix("muspeaker."): field.contents() for name, field in reader.fields.items()
    }
    return header, {tensor.name: np.array(tensor.data) for tensor in reader.tensors}


def torch_order(name: str, array: np.ndarray, model: nn.Module) -> torch.Tensor:
    """Undo the layout of the file, as its description has it."""
    module = dict(model.named_modules())[name.rpartition(".")[0]]
    tensor = torch.from_numpy(array.astype(np.float32))
    if tensor.dim() == 3 and isinstance(module, nn.Conv1d):
        return tensor.permute(1, 2, 0)  # (kernel, out, in) to (out, in, kernel)
    if tensor.dim() == 3:
        return tensor.permute(2, 1, 0)  # to (in, out, kernel)
    return tensor


def folded_model(config: ModelConfig) -> MuSpeaker:
    """The network without weight norm and batch norm, whose convolutions got a bias."""
    model = MuSpeaker(config).eval().requires_grad_(requires_grad=False)
    for path, module in list(model.named_modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
        before_norm = not path.endswith(
            "layer3_ds"
        )  # the one convolution that has no norm after it
        if isinstance(module, nn.Conv2d) and module.bias is None and before_norm:
            module.bias = nn.Parameter(torch.zeros(module.out_channels), requires_grad=False)
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return model


def load(path: Path) -> MuSpeaker:
    """Load a file, which must hold exactly what the folded network needs."""
    header, tensors = read(path)
    scales = {name: tensors.pop(name) for name in list(tensors) if name.endswith(".scale")}
    for name, scale in scales.items():
        weight = name.removesuffix("scale") + "weight"
        shape = (
            (1, -1, 1) if tensors[weight].ndim == 3 else (-1, *(1,) * (tensors[weight].ndim - 1))
        )
        assert tensors[weight].dtype == np.int8
        tensors[weight] = tensors[weight] * scale.reshape(shape)
    model = folded_model(config_of(header))
    state = {name: torch_order(name, array, model) for name, array in tensors.items()}
    model.load_state_dict(state, strict=True)
    return model


def config_of(header: dict[str, Any]) -> ModelConfig:
    """The sizes in a header."""
    values: dict[str, Any] = {}
    for name, value in header.items():
        part, _, last = name.rpartition(".")
        if name.startswith(("GGUF.", "general.", "integrity.")):
            continue
        if last in {"format_version", "weight_type", "fingerprint"}:
            continue
        (values.setdefault(part, {}) if part else values)[last] = value
    return config_from_dict(values)


def without_header_sum(content: bytes) -> bytes:
    """A model file of before headers had checksums: for tests of what is wrong in a header besides."""
    key = HEADER_CHECKSUM_KEY.encode()
    assert content.count(key) == 1
    return content.replace(key, key[:-1] + b"x")
