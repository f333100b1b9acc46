"""Training state made small, and cut into parts that a narrow door lets through."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 4096  # tensors of at most so many values stay as they are
F16_MAX = 6e4
DIGEST_BYTES = 32
OPTIMIZER = "optimizer"  # begins the names of the optimizers' entries


class PartError(ValueError):
    """Parts that are missing or damaged, or a checkpoint that does not fit; the text says which."""


def shrink(state: dict[str, Any]) -> bytes:
    """A checkpoint in 16 bits: weights as float16, the optimizers' moments as bfloat16."""
    narrow = {
        name: _cast(value, torch.bfloat16 if name.startswith(OPTIMIZER) else torch.float16)
        for name, value in state.items()
    }
    packed = io.BytesIO()
    torch.save(narrow, packed)
    return packed.getvalue()


def without_moments(state: dict[str, Any]) -> dict[str, Any]:
    """What a new run begins with: no optimizers, and no discriminator, which is told nothing by old ones."""
    return {n: v for n, v in state.items() if not n.startswith((OPTIMIZER, "discriminator"))}


def grow(packed: bytes) -> dict[str, Any]:
    """What `shrink` was given, in float32 again."""
    state = torch.load(io.BytesIO(packed), map_location="cpu", weights_only=True)
    grown: dict[str, Any] = _cast(state, torch.float32)
    return grown


def _cast(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, dict):
        return {name: _cast(item, dtype) for name, item in value.items()}
    if isinstance(value, list):
        return [_cast(item, dtype) for item in value]
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    if dtype != torch.float32 and value.numel() <= SMALL:
        return value.detach().clone()
    if dtype == torch.float16 and float(value.abs().max()) > F16_MAX:
        return value.detach().clone()
    return value.detach().to(dtype)


def split(packed: bytes, folder: Path, name: str, part_bytes: int, max_parts: int) -> list[Path]:
    """Write `name.1-of-3` and so on, a digest at the end of the last; older parts of it are removed.

    Raises:
        PartError: If it takes more than `max_parts` parts.
    """
    whole = packed + hashlib.sha256(packed).digest()
    count = -(-len(whole) // part_bytes)
    if count > max_parts:
        raise PartError(
            f"{name} takes {count} parts of {part_bytes} bytes, at most {max_parts} are allowed"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}.*-of-*"):
        old.unlink()
    paths = [folder / f"{name}.{number + 1}-of-{count}" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(whole[number * part_bytes : (number + 1) * part_bytes])
    return paths


def join(folder: Path, name: str) -> bytes:
    """What `split` was given.

    Raises:
        PartError: If parts are missing, of different checkpoints, or damaged.
    """
    found = {}
    for path in folder.glob(f"{name}.*-of-*"):
        match = re.fullmatch(r"(\d+)-of-(\d+)", path.name.removeprefix(f"{name}."))
        if match:
            found[int(match[1])] = (int(match[2]), path)
    counts = {count for count, _ in found.values()}
    if len(counts) != 1 or sorted(found) != list(range(1, max(counts) + 1)):
        names = sorted(path.name for _, path in found.values())
        raise PartError(f"{folder} must hold every part of one {name}, found {names}")
    whole = b"".join(found[number][1].read_bytes() for number in sorted(found))
    packed, digest = whole[:-DIGEST_BYTES], whole[-DIGEST_BYTES:]
    if hashlib.sha256(packed).digest() != digest:
        raise PartError(f"the parts of {name} in {folder} do not belong together, or are damaged")
    return packed
