"""ConvTranspose1d gives what torch.nn.ConvTranspose1d gives; C++ is compared in the vocoder."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.nn.conv_transpose1d import ConvTranspose1d
from tests.padding import normal

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("frames", [1, 2, 50])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 1), (4, 2), (16, 8), (11, 5)])
def test_as_plain(frames, kernel, stride):
    sizes = (6, 3, kernel, stride, (kernel - stride) // 2)
    ours, plain = ConvTranspose1d(*sizes), torch.nn.ConvTranspose1d(*sizes)
    plain.load_state_dict(ours.state_dict())
    x = normal(2, 6, frames)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-4, atol=1e-5)


def test_a_length_cannot_be_asked_for():
    with pytest.raises(ValueError, match="output_size is not supported"):
        ConvTranspose1d(6, 3, 4, 2, 1)(normal(1, 6, 5), output_size=[11])
