"""Peaks of speech, kept below full scale between its samples too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from muspeaker import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PeakLimiter:
    """Scales one stream of speech and keeps its true peaks below -1 dBFS.

    The gain falls smoothly 2 ms before a peak that is too high and rises as long after it. Speech without
    such a peak is not changed. Chunks joined equal the whole, bit for bit.

    Args:
        gain: Factor, at least 0.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self._gain = np.float32(gain)
        self._limiter = _core.Limiter()

    def feed(self, samples: NDArray[np.float32], *, is_last: bool) -> NDArray[np.float32]:
        """Scale the next samples.

        Args:
            samples: (samples,) float32, full scale 1.
            is_last: Whether the stream ends with them.

        Returns:
            The samples that are final: all that are left if these were the last.
        """
        scaled = samples if self._gain == 1.0 else samples * self._gain
        return self._limiter.take(scaled[:, None], is_last=is_last)[:, 0]


def limit_peaks(samples: NDArray[np.float32], gain: float = 1.0) -> NDArray[np.float32]:
    """Scale a whole recording as PeakLimiter does, with one gain for all channels.

    Args:
        samples: (samples,) or (samples, channels) float32.
        gain: Factor, at least 0.
    """
    frames = samples.reshape(len(samples), -1) * np.float32(gain)
    return _core.Limiter(frames.shape[1]).take(frames, is_last=True).reshape(samples.shape)
