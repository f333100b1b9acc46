"""A recording and its phones to what the model can say again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class Recording(NamedTuple):
    """What is heard in a recording whose text is known.

    Attributes:
        mel: (1, mels, frames), natural log.
        f0: (1, frames) in Hz, 0 where unvoiced.
        energy: (1, frames), normalised log-energy.
        durations: (1, tokens) int64, frames, from the phone classifier or the aligner.
    """

    mel: torch.Tensor
    f0: torch.Tensor
    energy: torch.Tensor
    durations: torch.Tensor


def register_factor(source_f0: torch.Tensor, target_f0: torch.Tensor) -> float:
    """The factor that brings one voice's F0 to another's register.

    Args:
        source_f0: (frames,) in Hz, 0 where unvoiced.
        target_f0: The same of the other voice, over the same content.

    Returns:
        The ratio of their geometric means over the frames that are voiced in both; 1 if none is.
    """
    both = (source_f0 > 0) & (target_f0 > 0)
    if not bool(both.any()):
        return 1.0
    return math.exp(float((target_f0[both].double() / source_f0[both]).log().mean()))
