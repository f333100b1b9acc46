"""From phones to frames."""

from __future__ import annotations

import torch


def make_path(durations: torch.Tensor, frames: int) -> torch.Tensor:
    """The hard alignment that durations describe.

    Args:
        durations: (batch, tokens) int64, frames.
        frames: Width of the result, at least the longest sum.

    Returns:
        (batch, tokens, frames) float32, one where the phone holds the frame.
    """
    ends = torch.cumsum(durations, dim=1).unsqueeze(-1)  # (batch, tokens, 1)
    starts = ends - durations.unsqueeze(-1)
    positions = torch.arange(frames, device=durations.device)
    return ((positions >= starts) & (positions < ends)).float()


class LengthRegulator(torch.nn.Module):
    """Repeats each token for as many frames as it lasts. Source: Ren et al. 2019 (arXiv:1905.09263)."""

    def forward(self, x: torch.Tensor, path: torch.Tensor) -> torch.Tensor:
        """Stretch.

        Args:
            x: (batch, tokens, hidden).
            path: (batch, tokens, frames) float32, one where the token holds the frame.

        Returns:
            (batch, frames, hidden).
        """
        return torch.bmm(path.transpose(1, 2), x.to(path.dtype))
