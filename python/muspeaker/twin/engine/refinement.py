"""A decoder that learns one prompt."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from muspeaker.config import REFINING

if TYPE_CHECKING:
    from muspeaker.twin.model.mel_decoder import MelDecoder


def refine(
    decoder: MelDecoder,
    e_lat: torch.Tensor,
    e_tim: torch.Tensor,
    mel: torch.Tensor,
    steps: int = REFINING.steps,
) -> dict[str, torch.Tensor]:
    """Fit a decoder to one recording, and keep a share of what has changed.

    Args:
        decoder: Stays as it is.
        e_lat: (1, frames, content), what it is given.
        e_tim: (1, timbre), who speaks.
        mel: (1, mels, frames), natural log: what it is to make of that.
        steps: How many steps of Adam, over which its rate falls.

    Returns:
        The change of each parameter.
    """
    learner = copy.deepcopy(decoder).requires_grad_()
    adam = torch.optim.Adam(learner.parameters(), REFINING.rate, REFINING.betas, REFINING.epsilon)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    mask = torch.ones(e_lat.shape[:2], dtype=torch.bool, device=e_lat.device)
    heard = mel > REFINING.floor
    with torch.enable_grad():
        for _ in range(steps):
            adam.zero_grad()
            (learner(e_lat, e_tim, mask) - mel)[heard].abs().mean().backward()
            adam.step()
            rates.step()
    before = dict(decoder.named_parameters())
    return {
        name: REFINING.share * (after.detach() - before[name])
        for name, after in learner.named_parameters()
    }
