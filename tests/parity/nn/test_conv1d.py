"""Conv1d gives what torch.nn.Conv1d gives; C++ is compared in the blocks that hold it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.nn.conv1d import Conv1d
from tests.padding import normal

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("frames", [1, 2, 50])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "groups"),
    [(1, 1, 1, 1), (3, 1, 1, 1), (5, 2, 1, 1), (3, 1, 4, 1), (3, 1, 1, 2)],
)
def test_as_plain(frames, kernel, stride, dilation, groups):
    padding = dilation * (kernel - 1) // 2
    sizes = (6, 8, kernel, stride, padding, dilation, groups)
    ours, plain = Conv1d(*sizes), torch.nn.Conv1d(*sizes)
    plain.load_state_dict(ours.state_dict())
    x = normal(2, 6, frames)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-4, atol=1e-5)
