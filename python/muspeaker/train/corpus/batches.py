"""Clips of similar lengths, put together into batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.train.loop.distributed import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np


def packed(numbers: Iterable[int], frames_of: Callable[[int], int], frames: int) -> list[list[int]]:
    """Groups of clips, shortest first, that have at most so many frames with their padding.

    Args:
        numbers: Numbers of clips.
        frames_of: Length of a clip by its number.
        frames: Frames of a batch; a clip that is longer is a group alone.
    """
    groups: list[list[int]] = []
    for i in sorted(numbers, key=frames_of):
        if not groups or frames_of(i) * (len(groups[-1]) + 1) > frames:
            groups.append([])
        groups[-1].append(i)
    return groups


def shuffled(groups: list[list[int]], frames: int, random: np.random.Generator) -> list[list[int]]:
    """The groups that are batches for all processes, in random order.

    Args:
        groups: From `packed`.
        frames: Frames of a batch, for the message.
        random: Decides the order.

    Raises:
        ValueError: If no group has two clips that the processes can share.
    """
    cut = [group[: len(group) // world() * world()] for group in groups]
    kept = [cut[at] for at in random.permutation(len(cut)).tolist() if len(cut[at]) > 1]
    if not kept:
        raise ValueError(f"batches of {frames} frames hold no two clips for {world()} processes")
    return kept
