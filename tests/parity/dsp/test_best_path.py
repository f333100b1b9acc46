"""Best monotonic paths and their states: C++ against numba and NumPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from muspeaker._core import probe
from muspeaker.twin.dsp.best_path import best_path, merge_pauses, states_of

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("tokens", "frames"), [(1, 1), (1, 9), (6, 6), (30, 200)])
def test_best_path(tokens, frames):
    rng = np.random.default_rng(tokens + frames)
    scores = rng.standard_normal((frames, tokens), np.float32)
    states = np.sort(rng.integers(0, tokens, frames - tokens).astype(np.int64) // 2)
    states = np.sort(np.concatenate([np.arange(tokens), states[: tokens // 2]]))
    expected = best_path(scores, states)
    assert expected.sum() == frames
    np.testing.assert_array_equal(probe.best_path(scores, states.astype(np.int32)), expected)


def test_more_states_than_frames_are_refused():
    scores = np.zeros((3, 4), np.float32)
    with pytest.raises(ValueError, match="a path needs 1 to 3 states, got 4"):
        probe.best_path(scores, np.arange(4, dtype=np.int32))
    with pytest.raises(ValueError, match="a path needs 1 to 3 states, got 0"):
        probe.best_path(scores, np.arange(0, dtype=np.int32))


@pytest.mark.parametrize("tokens", [1, 2, 23])
@pytest.mark.parametrize("frames", [1, 2, 5, 23, 90])
def test_states_of(tokens, frames):
    phones = np.random.default_rng(tokens).integers(0, 12, tokens).astype(np.int32)
    states = states_of(phones, frames, num_pauses=5)
    np.testing.assert_array_equal(probe.states_of(phones, frames, 5), states)
    assert len(states) <= max(frames, tokens)


def test_pauses_become_one():
    phones = np.array([0, 4, 5, 2, 11], np.int32)
    assert merge_pauses(phones, 5).tolist() == [0, 0, 5, 0, 11]
