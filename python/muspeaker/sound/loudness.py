"""How loud speech is, and one level for all of it.

NumPy alone: borrowed machines that train have no library for sound files.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.sound.fast_size import fast_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET_RMS = 0.07
PEAK_LIMIT = 0.99
FRAME_SAMPLES = 1024
ACTIVE_SHARE = 0.1

DEFAULT_LUFS = -23.0
SHORT_SECONDS = 1.2
MOST_CHANGED_DB = 6.0
BLOCK_SECONDS = 0.4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LU = -0.691
RING_SECONDS = 0.1  # in which the filters die away
WEIGHTING_RATE_HZ = 48000.0  # of the two filters of BS.1770, numerator and denominator each
WEIGHTING = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)  # fmt: skip


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


class Leveller:
    """Gives a short passage the loudness that is asked for, by its own samples.

    The engine levels speech by what it means to say, which is right within 1.5 dB for a sentence and less
    so for a word. A passage of up to 1.2 s is held back, measured and scaled; a longer one passes as it is.

    Source: ITU-R BS.1770-4, Annex 1.

    Args:
        num_samples: Samples of the passage.
        rate_hz: Samples per second.
        lufs: Loudness.
    """

    def __init__(self, num_samples: int, rate_hz: int, lufs: float) -> None:
        self._rate_hz, self._lufs = rate_hz, lufs
        self._is_short = num_samples <= SHORT_SECONDS * rate_hz
        self._held: list[NDArray[np.float32]] = []

    def feed(self, samples: NDArray[np.float32], *, is_last: bool) -> NDArray[np.float32]:
        """Take the next (samples,) float32; returns those that are final, maybe none."""
        if not self._is_short:
            return samples
        self._held.append(samples)
        if not is_last:
            return samples[:0]
        whole = np.concatenate(self._held)
        found = loudness(whole, self._rate_hz)
        if found == -math.inf:
            return whole
        change = np.clip(self._lufs - found, -MOST_CHANGED_DB, MOST_CHANGED_DB)
        return whole * np.float32(10 ** (change / 20))


def loudness(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Loudness in LUFS; what is shorter than a block ends in silence.

    Source: ITU-R BS.1770-4, Annex 1. The filters act on the spectrum.

    Args:
        samples: (samples,) float32, full scale 1.
        rate_hz: Samples per second.

    Returns:
        LUFS; minus infinity where all is below -70 LUFS.
    """
    block, step = round(BLOCK_SECONDS * rate_hz), round(BLOCK_SECONDS / 4 * rate_hz)
    size = fast_size(max(len(samples), block) + round(RING_SECONDS * rate_hz))
    weighted = np.fft.irfft(np.fft.rfft(samples, size) * _weighting(size, rate_hz), size)
    weighted = weighted[: max(len(samples), block)]
    sums = np.concatenate([[0.0], np.cumsum(weighted**2)])
    starts = np.arange(0, len(weighted) - block + 1, step)
    blocks = (sums[starts + block] - sums[starts]) / block
    blocks = blocks[blocks > _power_of(ABSOLUTE_GATE_LUFS)]
    if not len(blocks):
        return -math.inf
    blocks = blocks[blocks > blocks.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return float(OFFSET_LU + 10 * np.log10(blocks.mean()))


def _power_of(lufs: float) -> float:
    """Mean square of the weighted samples."""
    return float(10 ** ((lufs - OFFSET_LU) / 10))


@lru_cache(maxsize=8)
def _weighting(size: int, rate_hz: int) -> NDArray[np.complex128]:
    """Gain of both filters at the bins of a transform, (size // 2 + 1,) complex."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / rate_hz) / WEIGHTING_RATE_HZ)
    gain = np.ones(len(turn), np.complex128)
    for above, below in WEIGHTING:
        gain *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    return gain
