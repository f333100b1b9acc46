"""Attention against torch's; C++ is compared in the linguistic encoder and the predictors."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.nn.attention import CrossAttention, RelativeAttention, attend
from tests.padding import normal, padded, some

pytestmark = pytest.mark.torch

HIDDEN, HEADS, WINDOW = 12, 3, 4


def split(x: torch.Tensor) -> torch.Tensor:
    """(batch, length, hidden) to (batch, heads, length, hidden / heads)."""
    return x.unflatten(2, (HEADS, -1)).transpose(1, 2)


def test_attend_is_scaled_dot_product_attention():
    query, key, value = (normal(2, count, HIDDEN, seed=count) for count in (5, 7, 7))
    bias = normal(1, HEADS, 5, 7)
    plain = torch.nn.functional.scaled_dot_product_attention(
        split(query), split(key), split(value), attn_mask=bias.expand(2, -1, -1, -1)
    )
    expected = plain.transpose(1, 2).flatten(2)
    torch.testing.assert_close(attend(query, key, value, bias, HEADS), expected)


def test_positions_beyond_the_window_share_a_bias():
    attention = RelativeAttention(HIDDEN, HEADS, WINDOW)
    with torch.no_grad():
        attention.query.weight.zero_()
        attention.query.bias.zero_()  # scores are the bias alone
        attention.relative_bias.weight.copy_(torch.arange(9.0).unsqueeze(1).expand(9, HEADS))
        attention.value.weight.copy_(torch.eye(HIDDEN))
        attention.value.bias.zero_()
        attention.output.weight.copy_(torch.eye(HIDDEN))
        attention.output.bias.zero_()
        y = attention(torch.eye(HIDDEN).unsqueeze(0), some(HIDDEN))[0]  # (tokens, weight of each)
    distance = (torch.arange(HIDDEN)[None] - torch.arange(HIDDEN)[:, None]).clamp(-WINDOW, WINDOW)
    torch.testing.assert_close(y, torch.softmax(distance + 4.0, dim=1))


@pytest.mark.parametrize("relative", [True, False])
def test_padding_is_not_looked_at(relative):
    x, y = normal(1, 6, HIDDEN), normal(1, 9, HIDDEN, seed=1)
    if relative:
        attention = RelativeAttention(HIDDEN, HEADS, WINDOW)
        short, long = attention(x, some(6)), attention(padded(x, 3, 9.0), some(6, 9))[:, :6]
    else:
        attention = CrossAttention(HIDDEN, HIDDEN, HEADS)
        short, long = attention(x, y, some(9)), attention(x, padded(y, 3, 9.0), some(9, 12))
    torch.testing.assert_close(long, short)
