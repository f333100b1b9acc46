"""Blocks of a recording put together, as one channel or as they are; memory is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONSET_SECONDS = 0.02
ONSET_LEVEL = 1e-3  # -60 dB of full scale
CANCELLED_SHARE = 0.1  # of the channels' power that is left in their mean
MOST = float(np.finfo(np.float32).max)  # squares of what is larger may be too large for a float64


class Collected:
    """Blocks of a recording as one channel; memory is bounded whatever a header promises.

    The channel is the mean of all, or the first where the others cancel it. What is no finite float32 becomes
    infinite or NaN, without a warning.
    """

    def __init__(self, rate_hz: int, max_seconds: float, skip_seconds: float) -> None:
        self._num_wanted = int(max_seconds * rate_hz)
        self._num_skippable = int(skip_seconds * rate_hz)
        self._onset_samples = max(1, int(ONSET_SECONDS * rate_hz))
        self._silence = np.zeros(0)  # the last of what was left out
        self._means = [np.zeros(0)]
        self._firsts = [np.zeros(0)]
        self._power = 0.0  # of all channels, summed over samples

    def begin(self, num_samples: int) -> None:
        """Say how many samples there are; silence is left out only if they are too many."""
        if num_samples <= self._num_wanted:
            self._num_skippable = 0

    @property
    def is_full(self) -> bool:
        """Whether no further block is wanted."""
        return self._num_wanted <= 0

    @np.errstate(invalid="ignore")  # of infinities of two signs
    def add(self, block: NDArray[np.float64]) -> None:
        """Take the next (samples, channels)."""
        block = _within_float32(block)
        if self._num_skippable > 0:
            silent = min(self._onset(block), self._num_skippable)
            self._num_skippable -= max(silent, 1)
            if silent < len(block):
                self._num_skippable = 0
            elif len(block):
                self._silence = block[-self._num_wanted :].mean(axis=1)
            block = block[silent:]
        block = block[: self._num_wanted]
        self._num_wanted -= len(block)
        self._means.append(block.mean(axis=1))
        self._firsts.append(block[:, 0].copy())
        self._power += float(np.square(block).mean(axis=1).sum())

    def finish(self) -> NDArray[np.float64]:
        """The whole, (samples,)."""
        mean = np.concatenate(self._means)
        if not len(mean):
            return self._silence
        first = np.concatenate(self._firsts)
        is_cancelled = float(np.square(mean).sum()) < CANCELLED_SHARE * self._power
        has_first = float(np.square(first).sum()) > self._power / 2
        return first if is_cancelled and has_first else mean

    def _onset(self, block: NDArray[np.float64]) -> int:
        """Samples before the first that is no silence; all where there is none."""
        for start in range(0, len(block), self._onset_samples):
            frame = block[start : start + self._onset_samples]
            if not np.std(frame, axis=0).max() < ONSET_LEVEL:  # NaN is none
                return start
        return len(block)


class CollectedChannels(Collected):
    """The same in all its channels, (samples, channels); nothing is left out at the start."""

    def __init__(self, rate_hz: int, max_seconds: float, skip_seconds: float) -> None:
        super().__init__(rate_hz, max_seconds, skip_seconds)
        self._blocks: list[NDArray[np.float64]] = []

    def add(self, block: NDArray[np.float64]) -> None:
        """Take the next (samples, channels)."""
        self._blocks.append(_within_float32(block[: self._num_wanted]))
        super().add(block)

    def finish(self) -> NDArray[np.float64]:
        """The whole, (samples, channels)."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros((0, 1))


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a recording.

    Attributes:
        kind: What its blocks become.
        max_seconds: Length that is read at most.
        skip_seconds: Silence at the start that is left out of a longer recording, at most.
    """

    kind: type[Collected]
    max_seconds: float
    skip_seconds: float = 0.0

    def begin(self, rate_hz: int, num_samples: int) -> Collected:
        """Begin a recording of so many samples."""
        collected = self.kind(rate_hz, self.max_seconds, self.skip_seconds)
        collected.begin(num_samples)
        return collected

    def whole(self, samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
        """What is wanted of (samples, channels)."""
        collected = self.begin(rate_hz, len(samples))
        collected.add(samples)
        return collected.finish()


def _within_float32(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same samples, infinite where a float32 would be."""
    is_over = np.abs(block) > MOST
    return np.where(is_over, np.copysign(np.inf, block), block) if is_over.any() else block
