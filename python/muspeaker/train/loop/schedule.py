"""How far a run has come, and the learning rate there."""

from __future__ import annotations

import math
import time

WARMUP = 100  # steps
LAST_SHARE = 0.02  # share of the peak rate at the end


class Schedule:
    """Progress through a budget of steps, which repeats exactly, or of minutes.

    Args:
        first: The step at which the schedule began.
        last: The step at which it ends; None where minutes are the budget.
        minutes: The budget; with `last`, only a pause on the way.
    """

    def __init__(self, first: int, last: int | None, minutes: float | None) -> None:
        if last is None and minutes is None:
            raise ValueError("a schedule needs a last step or minutes")
        self.first = first
        self.last = last
        self._seconds = math.inf if minutes is None else minutes * 60
        self._start = time.monotonic()

    @property
    def spent(self) -> float:
        """Share of the minutes that has passed, not more than 1."""
        return min(1.0, (time.monotonic() - self._start) / self._seconds)

    def progress(self, step: int) -> float:
        """Share of the budget that is spent at the given step, 0 to 1."""
        if self.last is None:
            return self.spent
        if step >= self.last:  # the schedule may have begun there
            return 1.0
        return (step - self.first) / (self.last - self.first)

    def paused(self) -> bool:
        """Whether the minutes are over."""
        return self.spent >= 1.0


def learning_rate(peak: float, progress: float, count: int) -> float:
    """Linear warm-up over the first steps, then a half cosine down to a fiftieth of the peak.

    Args:
        peak: The rate after the warm-up.
        progress: Share of the budget that is spent.
        count: Steps completed since the schedule began.
    """
    cosine = LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))
    return peak * min(1.0, (count + 1) / WARMUP) * cosine
