"""LengthRegulator: paths in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.model.length_regulator import LengthRegulator, make_path

pytestmark = pytest.mark.torch


def test_make_path():
    durations = np.array([2, 0, 3, 1, 0], np.int32)
    path = make_path(torch.from_numpy(durations).long().unsqueeze(0), 6)[0]
    np.testing.assert_array_equal(probe.make_path(durations), path.argmax(0).numpy())


def test_a_path_has_a_one_for_each_frame():
    path = make_path(torch.tensor([[2, 0, 3]]), 6)
    assert path.sum(2).tolist() == [[2.0, 0.0, 3.0]]
    assert path.argmax(1)[0, :5].tolist() == [0, 0, 2, 2, 2]


def test_tokens_are_repeated():
    x = torch.arange(6.0).view(1, 3, 2)
    stretched = LengthRegulator()(x, make_path(torch.tensor([[2, 0, 1]]), 3))
    assert stretched.tolist() == [[[0.0, 1.0], [0.0, 1.0], [4.0, 5.0]]]
