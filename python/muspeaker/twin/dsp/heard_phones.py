"""Phones of a recording whose text is not known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CHANGE_COST = 4.0  # nats, so that noise in single frames changes no phone


def heard_phones(
    log_posterior: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the likeliest phones, with a cost for each change of phone.

    Source: Viterbi 1967 (doi 10.1109/TIT.1967.1054010), with one state a phone.

    Args:
        log_posterior: (frames, phones) float32, natural-log probabilities up to a constant for each
            frame; at least one frame.

    Returns:
        Phones (tokens,) and their durations in frames (tokens,).
    """
    frames, count = log_posterior.shape
    best = log_posterior[0].astype(np.float64)
    before = np.empty((frames, count), np.int64)  # phone of the frame before, on the best path
    before[0] = np.arange(count)
    for t in range(1, frames):
        likeliest = int(best.argmax())
        changes = best[likeliest] - CHANGE_COST > best
        before[t] = np.where(changes, likeliest, np.arange(count))
        best = np.maximum(best, best[likeliest] - CHANGE_COST) + log_posterior[t]
    heard = np.empty(frames, np.int64)
    heard[-1] = best.argmax()
    for t in range(frames - 1, 0, -1):
        heard[t - 1] = before[t, heard[t]]
    starts = np.flatnonzero(np.diff(heard, prepend=-1))
    return heard[starts], np.diff(starts, append=frames)
