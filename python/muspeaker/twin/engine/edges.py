"""The silence at both ends of an utterance, which lasts as long as the prompt was silent."""

from __future__ import annotations

from typing import NamedTuple

import torch

SILENCE_BEFORE_FRAMES = 2
SILENCE_AFTER_FRAMES = 3
PAUSE = 2  # a boundary id


class Edges(NamedTuple):
    """Frames [begin, end) of an utterance that are left."""

    begin: int
    end: int


def shorten_edges(boundaries: torch.Tensor, durations: torch.Tensor) -> tuple[Edges, torch.Tensor]:
    """Shorten the pauses at both ends of an utterance, by whole frames.

    Args:
        boundaries: (1, tokens) int64, as `TokenIds` has them.
        durations: (1, tokens) int64, frames.

    Returns:
        Which of the frames are left, and their durations, (1, tokens) int64. Nothing changes where an end
        has no pause, or where all are pauses.
    """
    counts = durations[0].tolist()
    total = sum(counts)
    spoken = torch.nonzero(boundaries[0] != PAUSE)[:, 0].tolist()
    if not spoken or sum(counts[spoken[0] : spoken[-1] + 1]) == 0:
        return Edges(0, total), durations
    cut_before = max(0, sum(counts[: spoken[0]]) - SILENCE_BEFORE_FRAMES)
    cut_after = max(0, sum(counts[spoken[-1] + 1 :]) - SILENCE_AFTER_FRAMES)
    left = _shortened(counts, cut_before)
    left = _shortened(left[::-1], cut_after)[::-1]
    return Edges(cut_before, total - cut_after), torch.tensor([left]).to(durations)


def _shortened(counts: list[int], frames: int) -> list[int]:
    """Take frames from one token after the other."""
    left = []
    for count in counts:
        cut = min(frames, count)
        left.append(count - cut)
        frames -= cut
    return left
