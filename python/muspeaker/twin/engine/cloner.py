"""A prompt to a voice."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def scale_timbre(embedding: torch.Tensor) -> torch.Tensor:
    """Give every (batch, embedding) vector the length sqrt(embedding)."""
    return F.normalize(embedding, dim=-1) * embedding.shape[-1] ** 0.5
