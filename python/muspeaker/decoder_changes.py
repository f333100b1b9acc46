"""What the decoder of a voice has learnt: changes of all its weights at eight bits each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from muspeaker import _core

MAX_SCALE = 1.0  # as csrc/engine/refinement.h has it; real ones are below 0.001
MAX_CODES = 12_000_000  # so that a voice file stays below its limit
_CODES = 127


class DecoderChanges:
    """Changes that are added to the weights of a model's decoder. They never change; voices share them.

    Attributes:
        codes: (weights,) int8, tensor after tensor in the order of their names.
        scales: (rows,) float32, one for each row of a tensor's last axis; a change is code times scale.
        shapes: Number and length of the rows of each tensor.

    Raises:
        TypeError: If an array has another type.
        ValueError: If the sizes differ, or a scale is not from 0 to 1.
    """

    def __init__(
        self,
        codes: NDArray[np.int8],
        scales: NDArray[np.float32],
        shapes: Sequence[tuple[int, int]],
    ) -> None:
        codes, scales = np.asarray(codes), np.asarray(scales)
        if codes.dtype != np.int8 or scales.dtype != np.float32:
            raise TypeError(
                f"changes must be int8 with float32 scales, got {codes.dtype} and {scales.dtype}"
            )
        self.codes, self.scales = codes.copy(), scales.copy()
        self.codes.flags.writeable = self.scales.flags.writeable = False
        self.shapes = tuple((int(rows), int(length)) for rows, length in shapes)
        if min((min(shape) for shape in self.shapes), default=0) < 1:
            raise ValueError("changes of a decoder must have rows, and values in each")
        expected = (sum(r * n for r, n in self.shapes),), (sum(r for r, _ in self.shapes),)
        if (codes.shape, scales.shape) != expected or expected[0][0] > MAX_CODES:
            raise ValueError(
                f"changes of a decoder must be {expected[0]} codes and {expected[1]} scales, got "
                f"{codes.shape} and {scales.shape}"
            )
        if not ((scales >= 0) & (scales <= MAX_SCALE)).all():
            raise ValueError("changes of a decoder have a scale that is not from 0 to 1")

    def __reduce__(self) -> tuple[Any, ...]:
        return DecoderChanges, (self.codes, self.scales, self.shapes)

    @classmethod
    def of(cls, changes: Mapping[str, NDArray[np.float32]]) -> DecoderChanges:
        """Round the changes of tensors, given by name."""
        tensors = [changes[name] for name in sorted(changes)]
        shapes = shapes_of(changes)
        return cls._rounded([x.reshape(shape) for x, shape in zip(tensors, shapes, strict=True)])

    @classmethod
    def mix(cls, parts: Sequence[tuple[float, DecoderChanges]]) -> DecoderChanges:
        """Sum of changes of one model, each times its weight.

        Raises:
            ValueError: If there are none, or their shapes differ.
        """
        if len({changes.shapes for _, changes in parts}) != 1:
            raise ValueError("voices of one model can be mixed, got decoders of other sizes")
        if len(parts) == 1 and parts[0][0] <= 1:  # nothing to round again
            weight, changes = parts[0]
            return cls(changes.codes, np.float32(weight) * changes.scales, changes.shapes)
        sums = (
            sum((np.float32(weight) * tensor for weight, tensor in tensors), np.float32(0))
            for tensors in zip(
                *([(weight, x) for x in changes.tensors()] for weight, changes in parts),
                strict=True,
            )
        )
        return cls._rounded([np.asarray(x) for x in sums])

    def tensors(self) -> list[NDArray[np.float32]]:
        """The changes of each tensor, (rows, length)."""
        found, code, row = [], 0, 0
        for rows, length in self.shapes:
            codes = self.codes[code : code + rows * length].reshape(rows, length)
            found.append(codes.astype(np.float32) * self.scales[row : row + rows, None])
            code, row = code + rows * length, row + rows
        return found

    @cached_property
    def _handle(self) -> _core.DecoderChanges:
        """The same for the engine. Made when first spoken with."""
        from muspeaker import _core  # noqa: PLC0415 (files are read without the engine)

        return _core.DecoderChanges(self.codes, self.scales)

    def tobytes(self) -> bytes:
        """All that tells changes of one model apart."""
        return self.codes.tobytes() + self.scales.tobytes()

    @classmethod
    def _rounded(cls, tensors: Sequence[NDArray[np.float32]]) -> DecoderChanges:
        """Round rows to eight bits a value and a scale."""
        codes, scales = [], []
        for rows in tensors:
            scale = (np.abs(rows).max(axis=1) / np.float32(_CODES)).astype(np.float32)
            divisor = np.where(scale > 0, scale, np.float32(1))[:, None]
            codes.append(np.clip(np.rint(rows / divisor), -_CODES, _CODES).astype(np.int8).ravel())
            scales.append(scale)
        shapes = [(rows.shape[0], rows.shape[1]) for rows in tensors]
        return cls(np.concatenate(codes), np.concatenate(scales), shapes)


def shapes_of(tensors: Mapping[str, NDArray[np.float32]]) -> tuple[tuple[int, int], ...]:
    """`DecoderChanges.shapes` of tensors, given by name."""
    arrays = (tensors[name] for name in sorted(tensors))
    return tuple((x.size // x.shape[-1], x.shape[-1]) for x in arrays)


def for_engine(changes: DecoderChanges | None) -> _core.DecoderChanges | None:
    """Changes as the engine takes them, which knows them again by their identity, else by their values."""
    return None if changes is None else changes._handle
