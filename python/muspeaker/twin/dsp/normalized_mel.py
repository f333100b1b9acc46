"""A mel without its level and tilt, which the phone classifier hears."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

QUIETEST = 12.0  # nats below a clip's loudest; what lies deeper is heard as that
DEVIATION_FLOOR = 1e-3


def normalized_mel(mel: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """A clip's mel without the colour of its voice and room.

    Args:
        mel: (frames, num_mels), natural log; at least one frame.

    Returns:
        (num_mels, frames) float32, the mean of each band removed, of deviation one over all.
    """
    x = np.asarray(mel, np.float32).T
    x = np.maximum(x, x.max() - np.float32(QUIETEST))
    centred = x - x.mean(1, dtype=np.float64, keepdims=True)  # (num_mels, frames) float64
    return (centred / (centred.std() + DEVIATION_FLOOR)).astype(np.float32)
