"""Losses between a network and its discriminators, and on feature maps of any network that listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from muspeaker.train.loop.distributed import joint_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.train.losses.discriminators import Judgement

SMALLEST_SCALE = 1e-3  # of a feature map


def discriminator_loss(real: list[Judgement], fake: list[Judgement]) -> torch.Tensor:
    """Least-squares loss of the discriminators: real towards one, fake towards zero; scalar."""
    terms = [
        (1 - r.float()).square().mean() + f.float().square().mean()
        for (r, _), (f, _) in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def rejection_loss(judged: list[Judgement]) -> torch.Tensor:
    """Least-squares loss of the discriminators on what is real but not what was asked for; scalar."""
    return torch.stack([score.float().square().mean() for score, _ in judged]).mean()


def adversarial_loss(fake: list[Judgement]) -> torch.Tensor:
    """Least-squares loss of the network that is judged: fake towards one; scalar."""
    return torch.stack([(1 - score.float()).square().mean() for score, _ in fake]).mean()


def maps_of(judgements: list[Judgement]) -> list[torch.Tensor]:
    """The feature maps of all discriminators."""
    return [one for _, maps in judgements for one in maps]


def feature_loss(real: Sequence[torch.Tensor], fake: Sequence[torch.Tensor]) -> torch.Tensor:
    """Mean L1 of feature maps, each relative to the size of the real one.

    Of discriminators it is the feature-matching loss of HiFi-GAN, of the timbre encoder a perceptual loss.
    Source: Johnson et al. 2016 (arXiv:1603.08155), Section 3.2.

    Args:
        real: Maps of the target, of any shapes.
        fake: Maps of the prediction, of the same shapes.

    Returns:
        Scalar; no gradient reaches the real maps.
    """
    terms = []
    for r, f in zip(real, fake, strict=True):
        reference = r.detach().float()
        scale = joint_mean(reference.abs().mean()).clamp(min=SMALLEST_SCALE)
        terms.append((reference - f.float()).abs().mean() / scale)
    return torch.stack(terms).mean()
