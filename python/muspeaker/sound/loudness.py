"""How loud speech is, and one level for all of it.

NumPy alone: borrowed machines that train have no library for sound files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET_RMS = 0.07
PEAK_LIMIT = 0.99
FRAME_SAMPLES = 1024
ACTIVE_SHARE = 0.1


def active_rms(samples: NDArray[np.float32]) -> float:
    """Root mean square over the frames that hold speech.

    Args:
        samples: (samples,) float32, full scale 1.

    Returns:
        The level over the frames with at least a tenth of the loudest frame's level; 0 for silence.
    """
    num_frames = max(1, len(samples) // FRAME_SAMPLES)
    frames = np.array_split(samples.astype(np.float64), num_frames)
    power = np.array([float(np.mean(frame**2)) if len(frame) else 0.0 for frame in frames])
    active = power[power >= power.max() * ACTIVE_SHARE**2]
    return float(np.sqrt(active.mean()))


def normalize_loudness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a recording to the level of the training speech, without clipping.

    Args:
        samples: (samples,) float32, full scale 1.

    Returns:
        (samples,) float32 with an active level of 0.07 (about -23 dB), peaks at most 0.99.
    """
    level = active_rms(samples)
    if level <= 0.0:
        return samples
    gain = min(TARGET_RMS / level, PEAK_LIMIT / float(np.abs(samples).max()))
    return (samples * np.float32(gain)).astype(np.float32)
