"""What the tests of the engine ask it to say, and who says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from muspeaker.twin.engine.voice import Voice
from muspeaker.twin.model.linguistic_encoder import TokenIds

if TYPE_CHECKING:
    from muspeaker.twin.model.muspeaker import MuSpeaker

TOKENS = 21
PLAIN = {"speed": 1.0, "pitch": 0.0, "energy": 1.0, "temperature": 0.667, "seed": 5}
Arrays = tuple[np.ndarray, ...]


def tokens_of(model: MuSpeaker, count: int = TOKENS) -> np.ndarray:
    """Phones, stresses and boundaries, (3, count) int32."""
    rng = np.random.default_rng(count)
    sizes = model.config.linguistic_encoder
    limits = (sizes.num_phones, sizes.num_stresses, sizes.num_boundaries)
    return np.stack([rng.integers(0, limit, count).astype(np.int32) for limit in limits])


def voice_of(model: MuSpeaker, style_frames: int = 30) -> Arrays:
    """A vector and a style that nobody has."""
    rng = np.random.default_rng(style_frames)
    vector = rng.standard_normal(model.config.voice_size, np.float32)
    style = rng.standard_normal((style_frames, model.config.style_encoder.hidden), np.float32)
    return vector, style


def twin_ids(ids: np.ndarray) -> TokenIds:
    """The same for PyTorch."""
    return TokenIds(*(torch.from_numpy(x).long().unsqueeze(0) for x in ids))


def twin_voice(voice: Arrays) -> Voice:
    """The same for PyTorch."""
    return Voice(*(torch.from_numpy(x).unsqueeze(0) for x in voice))
