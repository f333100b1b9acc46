"""A mel without its level and tilt, the input of the phone classifier."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

QUIETEST = 12.0  # nats: values further below the clip's maximum are clamped to that floor
DEVIATION_FLOOR = 1e-3


def normalized_mel(mel: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Remove from a clip's mel the mean of each band, and scale it.

    Args:
        mel: (frames, num_mels), natural log; at least one frame.

    Returns:
        (num_mels, frames) float32, each band of mean 0, all together of deviation 1.
    """
    x = np.asarray(mel, np.float32).T
    x = np.maximum(x, x.max() - np.float32(QUIETEST))
    centred = x - x.mean(1, dtype=np.float64, keepdims=True)  # (num_mels, frames) float64
    return (centred / (centred.std() + DEVIATION_FLOOR)).astype(np.float32)
