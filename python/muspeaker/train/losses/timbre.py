"""Losses of the timbre encoder: a margin between speakers, and closeness to a teacher's embedding."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

SCALE = 30.0


class AngularMargin(nn.Module):
    """Cosine classifier with an additive angular margin. Source: Deng et al. 2019 (arXiv:1801.07698).

    Args:
        embedding: Size of the vectors.
        num_speakers: Number of classes.
    """

    def __init__(self, embedding: int, num_speakers: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_speakers, embedding) * 0.01)

    def forward(self, x: torch.Tensor, speaker: torch.Tensor, margin: float) -> torch.Tensor:
        """Cross-entropy of (batch, embedding) vectors against (batch,) speakers."""
        cosine = F.linear(F.normalize(x), F.normalize(self.weight)).clamp(-0.9999, 0.9999)
        target = cosine.gather(1, speaker.unsqueeze(1))
        with_margin = torch.cos(torch.acos(target) + margin)
        logits = cosine.scatter(1, speaker.unsqueeze(1), with_margin)
        return F.cross_entropy(SCALE * logits, speaker)


def distance_to_teacher(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One minus the cosine of (batch, embedding) vectors and their targets, on average."""
    return (1 - F.cosine_similarity(x, target, dim=1)).mean()
