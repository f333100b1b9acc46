"""AdaIN against torch's instance norm; C++ is compared in AdaINResBlock."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.nn.adain import AdaIN
from tests.padding import normal

pytestmark = pytest.mark.torch


def test_gain_and_shift_come_from_the_timbre():
    norm, x, e_tim = AdaIN(6, 4), 3 + 2 * normal(2, 6, 30), normal(2, 4, seed=1)
    gain, shift = norm.linear(e_tim).unsqueeze(-1).chunk(2, dim=1)
    expected = torch.nn.functional.instance_norm(x) * (1 + gain) + shift
    torch.testing.assert_close(norm(x, e_tim, torch.ones(2, 1, 30)), expected)


def test_padding_does_not_count():
    norm, x, e_tim = AdaIN(6, 4), normal(1, 6, 30), normal(1, 4, seed=1)
    long = torch.cat([x, torch.full((1, 6, 9), 50.0)], dim=2)
    mask = (torch.arange(39) < 30).float().view(1, 1, 39)
    torch.testing.assert_close(
        norm(long, e_tim, mask)[..., :30], norm(x, e_tim, torch.ones(1, 1, 30))
    )
