"""The silence that the engine gives around a passage: without noise, and cut off where its length is asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_SECONDS = 0.6  # at each end, in which the sound is looked for
FRAME_SECONDS = 0.0025
QUIET = 0.03  # of the loudest frame at that end: -30 dB
FADE_SECONDS = 0.005  # kept before the sound and after it
LOUD = 0.022  # -33 dBFS: no noise of a prompt is as loud in speech of -23 LUFS
FAINT = 0.006  # -44 dBFS: sounds are louder
RISE = 2.8  # a sound begins where the level rises by 9 dB
# That a sound goes on after its last phone; what follows is noise of the prompt.
MOST_AFTER_SECONDS = 0.015


class NoiseGate:
    """Silences the noise before the first sound of a passage, which a noisy prompt leaves there.

    It opens 5 ms before the first phone, or where a sound begins sooner. What it gives does not depend on
    the sizes of the chunks, and is as long as what it takes.

    Args:
        lead: Samples before the first phone.
        rate_hz: Samples per second.
        level: Level of the speech, 1 for the default loudness.
    """

    def __init__(self, lead: int, rate_hz: int, level: float = 1.0) -> None:
        self._lead, self._rate_hz, self._level = lead, rate_hz, level
        self._held: NDArray[np.float32] | None = np.zeros(0, np.float32)

    def feed(self, samples: NDArray[np.float32], *, is_last: bool) -> NDArray[np.float32]:
        """Take the next (samples,) float32, maybe changing them; returns those that are final, maybe none."""
        if self._held is None:
            return samples
        self._held = np.concatenate([self._held, samples]) if len(self._held) else samples
        if len(self._held) < self._lead and not is_last:
            return self._held[:0]
        given, self._held = self._held, None
        opens = self._begin_of_sound(given[: self._lead])
        closed = max(0, opens - round(FADE_SECONDS * self._rate_hz))
        given[:closed] = 0.0
        given[closed:opens] *= _rise(opens - closed)
        return given

    def _begin_of_sound(self, samples: NDArray[np.float32]) -> int:
        levels, size = _levels(samples, self._rate_hz)
        before = np.minimum.accumulate(levels)
        rises = (levels > RISE * before) & (levels > FAINT * self._level)
        sounds = np.flatnonzero(rises | (levels > LOUD * self._level))
        return int(sounds[0]) * size if len(sounds) else len(samples)


class EdgeTrimmer:
    """Passes the samples of one passage on, without the silence at its start or its end.

    What it gives does not depend on the sizes of the chunks.

    Args:
        num_samples: Samples of the passage.
        rate_hz: Samples per second.
        trims_start: Whether to cut off the silence before the sound.
        trims_end: Whether to cut off the silence after it.
        hold: Samples at the end that are passed on together, at least.
        latest: Sample after which there is no sound of the passage, where its end is trimmed.

    Attributes:
        cut: Samples cut off at the start.
    """

    def __init__(
        self,
        num_samples: int,
        rate_hz: int,
        *,
        trims_start: bool,
        trims_end: bool,
        hold: int = 0,
        latest: int | None = None,
    ) -> None:
        self._rate_hz = rate_hz
        self._trims_start, self._trims_end = trims_start, trims_end
        self._window = round(WINDOW_SECONDS * rate_hz)
        self._fade = round(FADE_SECONDS * rate_hz)
        self._missing = num_samples
        self._after = 0 if latest is None else max(0, num_samples - latest)
        self._kept_back = max(self._window, hold) if trims_end else 0
        self._held = np.zeros(0, np.float32)
        self._begun = False
        self.cut = 0

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next (samples,) float32; returns those that are final, maybe none."""
        self._held = np.concatenate([self._held, samples]) if len(self._held) else samples
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
            self._held[:size] *= _rise(size)

    def _end(self) -> NDArray[np.float32]:
        if not self._trims_end:
            return self._held
        tail = self._held[-self._window :]
        last = len(self._held) - first_sound(tail[::-1], self._rate_hz)
        last = min(last, max(0, len(self._held) - self._after))
        end = min(len(self._held), last + self._fade)
        given = self._held[:end].copy()
        if end < len(self._held):
            size = min(self._fade, len(given))
            given[len(given) - size :] *= _fall(size)
        return given


@lru_cache(maxsize=4)
def _rise(size: int) -> NDArray[np.float32]:
    """Factors from 0 to 1, kept: to work them out takes longer than to fade by them."""
    return np.linspace(0.0, 1.0, size, dtype=np.float32)


@lru_cache(maxsize=4)
def _fall(size: int) -> NDArray[np.float32]:
    """Factors from 1 to 0."""
    return np.linspace(1.0, 0.0, size, dtype=np.float32)


def first_sound(samples: NDArray[np.float32], rate_hz: int) -> int:
    """The first of (samples,) float32 that belongs to a frame which is not quiet, in steps of a frame."""
    levels, size = _levels(samples, rate_hz)
    return int(np.argmax(levels > QUIET * levels.max())) * size if len(levels) else 0


def _levels(samples: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float32], int]:
    """Root mean square of whole frames, and samples of a frame."""
    size = max(1, round(FRAME_SECONDS * rate_hz))
    count = len(samples) // size
    frames = samples[: count * size].reshape(count, size)
    return np.sqrt(np.add.reduce(frames * frames, axis=1) / np.float32(size)), size
