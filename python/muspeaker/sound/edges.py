"""The silence that the engine gives around a passage, cut off where a silence of a certain length stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_SECONDS = 0.6  # at each end, in which the sound is looked for
FRAME_SECONDS = 0.0025
QUIET = 0.03  # of the loudest frame at that end: -30 dB
FADE_SECONDS = 0.005  # kept before the sound and after it


class EdgeTrimmer:
    """Passes the samples of one passage on, without the silence at its start or its end.

    What it gives does not depend on the sizes of the chunks.

    Args:
        num_samples: Samples of the passage.
        rate_hz: Samples per second.
        trims_start: Whether to cut off the silence before the sound.
        trims_end: Whether to cut off the silence after it.
        hold: Samples at the end that are passed on together, at least.

    Attributes:
        cut: Samples cut off at the start.
    """

    def __init__(
        self, num_samples: int, rate_hz: int, *, trims_start: bool, trims_end: bool, hold: int = 0
    ) -> None:
        self._rate_hz = rate_hz
        self._trims_start, self._trims_end = trims_start, trims_end
        self._window = round(WINDOW_SECONDS * rate_hz)
        self._fade = round(FADE_SECONDS * rate_hz)
        self._missing = num_samples
        self._kept_back = max(self._window, hold) if trims_end else 0
        self._held = np.zeros(0, np.float32)
        self._begun = False
        self.cut = 0

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next (samples,) float32; returns those that are final, maybe none."""
        self._held = np.concatenate([self._held, samples])
        self._missing -= len(samples)
        is_over = self._missing <= 0
        if not self._begun:
            if self._trims_start and len(self._held) < self._window and not is_over:
                return self._held[:0]
            self._begin()
        if is_over:
            return self._end()
        size = max(0, len(self._held) - self._kept_back)
        given, self._held = self._held[:size], self._held[size:]
        return given

    def _begin(self) -> None:
        self._begun = True
        if not self._trims_start:
            return
        first = max(0, first_sound(self._held[: self._window], self._rate_hz) - self._fade)
        self._held = self._held[first:].copy()
        self.cut = first
        if first:
            size = min(self._fade, len(self._held))
            self._held[:size] *= np.linspace(0.0, 1.0, size, dtype=np.float32)

    def _end(self) -> NDArray[np.float32]:
        if not self._trims_end:
            return self._held
        tail = self._held[-self._window :]
        last = len(self._held) - first_sound(tail[::-1], self._rate_hz)
        end = min(len(self._held), last + self._fade)
        given = self._held[:end].copy()
        if end < len(self._held):
            size = min(self._fade, len(given))
            given[len(given) - size :] *= np.linspace(1.0, 0.0, size, dtype=np.float32)
        return given


def first_sound(samples: NDArray[np.float32], rate_hz: int) -> int:
    """The first of (samples,) float32 that belongs to a frame which is not quiet, in steps of a frame."""
    size = max(1, round(FRAME_SECONDS * rate_hz))
    count = len(samples) // size
    if not count:
        return 0
    level = np.sqrt(np.mean(samples[: count * size].reshape(count, size) ** 2, axis=1))
    return int(np.argmax(level > QUIET * level.max())) * size
