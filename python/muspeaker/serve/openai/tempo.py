"""Speeds beyond those of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import av.filter
import numpy as np

from muspeaker.options import bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray


def split_speed(speed: float) -> tuple[float, float]:
    """Split a speed into the speed at which the model speaks and the factor that `Tempo` applies.

    Their product is the speed. The factor is 1 within the range of the model.
    """
    low, high = bounds("speed")
    spoken = min(max(speed, low), high)
    return spoken, speed / spoken


class Tempo:
    """Faster or slower speech of the same pitch, by overlapping pieces (FFmpeg's atempo).

    Args:
        rate_hz: Sample rate.
        factor: 0.5 to 2; 2 halves the duration.
    """

    def __init__(self, rate_hz: int, factor: float) -> None:
        self._rate_hz = rate_hz
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(format="flt", sample_rate=rate_hz, layout="mono")
        stretch = self._graph.add("atempo", f"{factor:.6f}")
        sink = self._graph.add("abuffersink")
        source.link_to(stretch)
        stretch.link_to(sink)
        self._graph.configure()

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Samples that are ready after (samples,) float32 more; may be empty."""
        if samples.size:
            frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
            frame.sample_rate = self._rate_hz
            self._graph.push(frame)
        return self._pulled()

    def finish(self) -> NDArray[np.float32]:
        """The last samples, after all were fed."""
        self._graph.push(None)
        return self._pulled()

    def _pulled(self) -> NDArray[np.float32]:
        pieces = [np.zeros(0, np.float32)]
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return np.concatenate(pieces)
            assert isinstance(frame, av.AudioFrame)
            pieces.append(frame.to_ndarray()[0].astype(np.float32))
