"""How each weight is stored: f32, f16, or int8 with one scale for each output channel."""

from __future__ import annotations

import numpy as np

WEIGHT_TYPES = ("f32", "f16", "q8")
MIN_INT8_ELEMENTS = 1024  # below, the scales and the loss outweigh the bytes saved
# Prefixes of what stays f16 in a q8 file. The vocoder's ends are heard at once when coarse. The others
# decide durations: a frame too many shifts all that follows, and in int8 a third of the sentences had one.
FINE = (
    "vocoder.conv_pre.",
    "vocoder.conv_post.",
    "linguistic_encoder.",
    "vp_flow.",
    "fusion.",
    "style_encoder.",
    "variation_adapter.duration_predictor.",
    "aligner.",
)


def output_axis(rank: int) -> int:
    """Say which axis counts output channels: (out, in), (kernel, out, in), (out, in, height, width)."""
    return 1 if rank == 3 else 0


def quantize_int8(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round each output channel to int8, symmetric about zero.

    Args:
        weight: float32 of two to four axes, in the file's order.

    Returns:
        int8 of the same shape, and (out,) float32 such that weight is about int8 * scale[out]: at most
        half a scale off.
    """
    axis = output_axis(weight.ndim)
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    values = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return values, scale.reshape(-1)


def store(
    name: str, weight: np.ndarray, weight_type: str, *, is_embedding: bool
) -> dict[str, np.ndarray]:
    """Cast one weight.

    Args:
        name: Its name; parts named in FINE stay f16 in a q8 file.
        weight: float32, in the file's order.
        weight_type: "f32", "f16" or "q8".
        is_embedding: Rows are looked up, so int8 would save no arithmetic.

    Returns:
        Name to array: the weight, and `<scope>.scale` beside `<scope>.weight` if it is int8.

    Raises:
        ValueError: If a value is too large for f16.
    """
    if weight_type == "f32" or weight.ndim == 1:
        return {name: weight}
    if weight_type == "q8" and not is_embedding and not name.startswith(FINE):
        if weight.size < MIN_INT8_ELEMENTS:
            return {name: weight}
        values, scale = quantize_int8(weight)
        return {name: values, f"{name.rpartition('.')[0]}.scale": scale}
    if np.abs(weight).max() > np.finfo(np.float16).max:
        raise ValueError(f"{name} has values too large for f16: {np.abs(weight).max()}")
    return {name: weight.astype(np.float16)}
