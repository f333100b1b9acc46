"""Randomness, given from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

# A number of samples to (1, samples), standard normal.
NoiseAt = Callable[[int], torch.Tensor]


class Noise(NamedTuple):
    """Everything random about one utterance.

    Attributes:
        latent: (1, tokens, latent), standard normal times the temperature.
        vocoder: The vocoder's noise.
        delivery: (1, tokens + 2 * DELIVERY_REACH, 2), standard normal, as `make_delivery` takes it; None is
            the model's own delivery.
    """

    latent: torch.Tensor
    vocoder: NoiseAt
    delivery: torch.Tensor | None = None


def vocoder_noise(seed: int) -> NoiseAt:
    """The vocoder's noise of a seed, by PyTorch's generator: other bits than the engine draws."""

    def draw(count: int) -> torch.Tensor:
        return torch.randn(1, count, generator=torch.Generator().manual_seed(seed))

    return draw
