"""Norms that inference does not need: weight norm into its weight, batch norm into its convolution."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH_NORM_EPSILON = 1e-5  # of torch.nn.BatchNorm2d
NEW_GAIN, NEW_DIRECTION = ".parametrizations.weight.original0", ".parametrizations.weight.original1"
OLD_GAIN, OLD_DIRECTION = ".weight_g", ".weight_v"
STATISTICS = ("running_mean", "running_var", "weight", "bias")


def fold_weight_norm(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Replace gain and direction, in either of PyTorch's spellings, by the weight they stand for.

    Source: Salimans and Kingma 2016 (arXiv:1602.07868), Eq. 2, with the norm over all axes but the first.

    Args:
        state: Name to tensor. A gain without a direction or of a wrong shape is left as it is, for the
            strict comparison to name.
    """
    folded = dict(state)
    for name in state:
        for gain_suffix, direction_suffix in ((NEW_GAIN, NEW_DIRECTION), (OLD_GAIN, OLD_DIRECTION)):
            scope = name.removesuffix(gain_suffix)
            direction = state.get(scope + direction_suffix)
            if scope == name or direction is None:
                continue
            axes = tuple(range(1, direction.dim()))
            if state[name].shape != (direction.shape[0], *(1 for _ in axes)):
                continue
            norm = direction.double().square().sum(axes, keepdim=True).sqrt()
            weight = direction.double() * (state[name].double() / norm)
            del folded[name], folded[scope + direction_suffix]
            folded[f"{scope}.weight"] = weight.to(direction.dtype)
    return folded


def fold_batch_norm(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Fold every batch norm, as it acts in evaluation, into the convolution before it.

    The convolution has its norm's name with `conv` for `bn`, or stands one place before it in its
    Sequential; it gets a bias where it had none.

    Args:
        state: Name to tensor, complete.
    """
    folded = dict(state)
    for name in state:
        norm = name.removesuffix(".running_mean")
        if norm == name:
            continue
        conv = convolution_before(norm)
        mean, variance, gain, shift = (
            folded.pop(f"{norm}.{statistic}").double() for statistic in STATISTICS
        )
        factor = gain / torch.sqrt(variance + BATCH_NORM_EPSILON)  # (channels,)
        weight = state[f"{conv}.weight"]
        bias = state.get(f"{conv}.bias", torch.zeros_like(mean)).double()
        folded[f"{conv}.weight"] = (weight.double() * factor.view(-1, 1, 1, 1)).to(weight.dtype)
        folded[f"{conv}.bias"] = ((bias - mean) * factor + shift).to(weight.dtype)
    return folded


def convolution_before(norm: str) -> str:
    """Name the convolution that a batch norm follows: `bn3` conv3, `bns.1` convs.1, `local_att.4` .3."""
    scope, _, last = norm.rpartition(".")
    if last.isdigit() and not scope.endswith("bns"):
        return f"{scope}.{int(last) - 1}"
    return re.sub(r"bn(s?\.?\d+)$", r"conv\1", norm)
