"""Phones of a recording whose text is not known: C++ against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp.heard_phones import CHANGE_COST, heard_phones

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("frames", "phones"), [(1, 4), (2, 1), (300, 40)])
def test_heard_phones(frames, phones):
    scores = 4 * np.random.default_rng(frames).standard_normal((frames, phones), np.float32)
    expected, held = heard_phones(scores)
    assert held.sum() == frames
    assert (held > 0).all()
    assert (np.diff(expected) != 0).all()
    actual, durations = probe.heard_phones(scores)
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(durations, held)


def test_phones_are_heard_but_not_noise():
    """Three phones; one frame of doubt in the second is not worth two changes."""
    scores = np.full((30, 5), -6.0, np.float32)
    for first, last, phone in ((0, 10, 2), (10, 22, 4), (22, 30, 1)):
        scores[first:last, phone] = 0
    scores[15, 4], scores[15, 3] = -CHANGE_COST, 0
    phones, durations = heard_phones(scores)
    assert phones.tolist() == [2, 4, 1]
    assert durations.tolist() == [10, 12, 8]
    scores[15:17, 3] = 3 * CHANGE_COST
    assert heard_phones(scores)[0].tolist() == [2, 4, 3, 4, 1]


def test_the_level_of_a_frame_is_no_phone():
    scores = 4 * np.random.default_rng(0).standard_normal((50, 9), np.float32)
    level = np.random.default_rng(1).standard_normal((50, 1), np.float32)
    for before, after in zip(heard_phones(scores), heard_phones(scores + level), strict=True):
        np.testing.assert_array_equal(before, after)


def test_no_frame_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        probe.heard_phones(np.zeros((0, 4), np.float32))
