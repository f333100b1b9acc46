"""The silence at the ends of an utterance, against C++ and by example."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.engine.edges import Edges, shorten_edges

pytestmark = pytest.mark.torch

# Boundaries, durations, what is left of them, and the frames that are left.
CASES = {
    "both ends": ([2, 1, 0, 2], [30, 5, 6, 40], [2, 5, 6, 3], (28, 44)),
    "several pauses": ([2, 2, 1, 2, 2], [20, 9, 5, 8, 7], [0, 2, 5, 3, 0], (27, 37)),
    "a pause inside": ([2, 1, 2, 1, 2], [9, 4, 50, 4, 9], [2, 4, 50, 4, 3], (7, 70)),
    "short already": ([2, 1, 2], [1, 4, 3], [1, 4, 3], (0, 8)),
    "no pause": ([1, 0, 0], [9, 9, 9], [9, 9, 9], (0, 27)),
    "pauses alone": ([2, 2], [9, 9], [9, 9], (0, 18)),
    "speech of no frame": ([2, 1, 2], [9, 0, 9], [9, 0, 9], (0, 18)),
}


@pytest.mark.parametrize("name", CASES)
def test_pauses_at_the_ends_become_short(name):
    boundaries, durations, left, frames = CASES[name]
    ids = np.zeros((3, len(boundaries)), np.int32)
    ids[2] = boundaries
    begin, end, actual = probe.shorten_edges(ids, np.array(durations, np.int32))
    assert (begin, end, actual.tolist()) == (*frames, left)
    twin = shorten_edges(torch.tensor([boundaries]), torch.tensor([durations]))
    assert twin[0] == Edges(*frames)
    assert twin[1].tolist() == [left]
