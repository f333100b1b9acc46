"""The best monotonic path of tokens through scores of frames."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

STATES_A_PHONE = 2  # a phone lasts at least two frames; a pause has one state


def merge_pauses(phones: npt.NDArray[np.int32], num_pauses: int) -> npt.NDArray[np.int64]:
    """The (tokens,) phones with all pauses, the first `num_pauses` symbols, the same."""
    return np.where(phones < num_pauses, 0, phones).astype(np.int64)


def states_of(phones: npt.NDArray[np.int32], frames: int, num_pauses: int) -> npt.NDArray[np.int64]:
    """Token number of each state: two states a phone, one a pause; one each in a very short clip.

    Args:
        phones: (tokens,) int32.
        frames: Number of mel frames.
        num_pauses: Number of pauses, which are the first symbols.

    Returns:
        (states,) int64, at most `frames` of them unless there are more tokens.
    """
    states = np.repeat(np.arange(len(phones)), np.where(phones < num_pauses, 1, STATES_A_PHONE))
    return states if len(states) <= frames else np.arange(len(phones))


def best_path(
    scores: npt.NDArray[np.float32], states: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The monotonic path of highest score that gives each state at least one frame.

    Source: Viterbi 1967 (doi 10.1109/TIT.1967.1054010).

    Args:
        scores: (frames, tokens) float32.
        states: (states,) the token of each, not falling, one at least for each token; no more than
            frames.

    Returns:
        Frames of each token, (tokens,) int64.
    """
    in_states = _path_of_states(np.ascontiguousarray(scores[:, states]))
    return np.bincount(states, in_states, scores.shape[1]).astype(np.int64)


@numba.njit(cache=True)
def _path_of_states(  # pragma: no cover
    scores: npt.NDArray[np.float32],
) -> npt.NDArray[np.int64]:
    """The same where each column of the scores is a state: (states,) int64, frames of each."""
    frames, tokens = scores.shape
    best = np.full((frames, tokens), -np.inf, np.float64)
    best[0, 0] = scores[0, 0]
    for t in range(1, frames):
        for n in range(max(0, tokens - frames + t), min(tokens, t + 1)):
            move = best[t - 1, n - 1] if n > 0 else -np.inf
            best[t, n] = scores[t, n] + max(best[t - 1, n], move)
    durations = np.zeros(tokens, np.int64)
    n = tokens - 1
    for t in range(frames - 1, -1, -1):
        durations[n] += 1
        if t > 0 and n > 0 and best[t - 1, n - 1] >= best[t - 1, n]:
            n -= 1
    return durations
