"""Multi-head attention, with a learned bias by relative position or to another sequence."""

from __future__ import annotations

import torch
from torch import nn


class RelativeAttention(nn.Module):
    """Self-attention whose scores carry a learned bias for each relative position and head.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.2; bias table after Raffel et al. 2020
    (arXiv:1910.10683), Section 2.1, clipped at the window instead of in buckets.

    Args:
        hidden: Width of the sequence.
        num_heads: Must divide hidden.
        relative_window: Distances beyond this share one bias.
    """

    def __init__(self, hidden: int, num_heads: int, relative_window: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.relative_window = relative_window
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)
        self.relative_bias = nn.Embedding(2 * relative_window + 1, num_heads)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mix the tokens.

        Args:
            x: (batch, tokens, hidden).
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            (batch, tokens, hidden).
        """
        positions = torch.arange(x.shape[1], device=x.device)
        distance = positions.unsqueeze(0) - positions.unsqueeze(1)  # key minus query
        distance = distance.clamp(-self.relative_window, self.relative_window)
        bias = self.relative_bias(distance + self.relative_window)  # (tokens, tokens, heads)
        bias = bias.permute(2, 0, 1).unsqueeze(0)  # (1, heads, tokens, tokens)
        bias = bias.masked_fill(~mask[:, None, None, :], float("-inf"))
        y = attend(self.query(x), self.key(x), self.value(x), bias, self.num_heads)
        return self.output(y)


class CrossAttention(nn.Module):
    """Attention from one sequence to another.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.2.

    Args:
        hidden: Width of the queries and of the result.
        context: Width of the sequence that keys and values come from.
        num_heads: Must divide hidden.
    """

    def __init__(self, hidden: int, context: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(context, hidden)
        self.value = nn.Linear(context, hidden)
        self.output = nn.Linear(hidden, hidden)

    def forward(self, x: torch.Tensor, y: torch.Tensor, y_mask: torch.Tensor) -> torch.Tensor:
        """Attend from x to y.

        Args:
            x: (batch, frames, hidden).
            y: (batch, style frames, context).
            y_mask: (batch, style frames) bool, false where y is padding.

        Returns:
            (batch, frames, hidden).
        """
        bias = torch.zeros(y_mask.shape, device=x.device).masked_fill(~y_mask, float("-inf"))
        z = attend(
            self.query(x), self.key(y), self.value(y), bias[:, None, None, :], self.num_heads
        )
        return self.output(z)


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor, num_heads: int
) -> torch.Tensor:
    """Scaled dot-product attention with an additive bias.

    Args:
        query: (batch, queries, hidden).
        key: (batch, keys, hidden).
        value: (batch, keys, hidden).
        bias: Additive bias of the scores, broadcast to (batch, heads, queries, keys).
        num_heads: Must divide hidden.

    Returns:
        (batch, queries, hidden).
    """
    batch, _, hidden = query.shape
    q, k, v = (
        t.view(batch, t.shape[1], num_heads, hidden // num_heads).transpose(1, 2)
        for t in (query, key, value)
    )  # (batch, heads, queries or keys, hidden / heads)
    scores = q @ k.transpose(2, 3) * (hidden // num_heads) ** -0.5
    y = torch.softmax(scores.float() + bias, dim=-1).to(v.dtype) @ v
    return y.transpose(1, 2).reshape(batch, -1, hidden)
