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
KNEE = 0.6  # above which speech is rounded off
CEILING = (
    0.86  # where it ends, below the -1 dBFS of a true peak: between two samples there may be more
)


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


def amplify(samples: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    """Scale speech; what then goes beyond 0.6 of full scale is rounded off and stays below 0.86.

    It works sample by sample, so chunks of a stream equal the whole.

    Args:
        samples: (samples,) or (samples, channels) float32, full scale 1.
        gain: Factor, at least 0.
    """
    return round_peaks(samples if gain == 1.0 else samples * np.float32(gain))


def round_peaks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round off what is beyond 0.6 of full scale, so that it stays below 0.86; the rest is not changed.

    Args:
        samples: (samples,) or (samples, channels) float32.
    """
    excess = np.maximum(np.abs(samples) - KNEE, 0.0) / (CEILING - KNEE)
    if not excess.any():
        return samples
    rounded = KNEE + (CEILING - KNEE) * np.tanh(excess)
    limited = np.where(excess > 0.0, np.copysign(rounded, samples), samples)
    return limited.astype(np.float32)
