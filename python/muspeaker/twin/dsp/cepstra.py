"""Cepstra of a mel and their slopes, the input of the aligner."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def cepstral_features(mel: npt.NDArray[np.float32], num_cepstra: int) -> npt.NDArray[np.float32]:
    """Cepstra and their slopes, normalised over the clip.

    Args:
        mel: (mels, frames), natural-log mel.
        num_cepstra: Number of cepstra, the level included.

    Returns:
        (2 * num_cepstra, frames) float32.
    """
    bands = len(mel)
    order = np.arange(num_cepstra)[:, None]
    basis = np.cos(math.pi / bands * (np.arange(bands)[None, :] + 0.5) * order)
    cepstra = basis @ mel
    padded = np.pad(cepstra, ((0, 0), (2, 2)), "edge")
    slope = 2 * (padded[:, 4:] - padded[:, :-4]) + padded[:, 3:-1] - padded[:, 1:-3]
    features = np.concatenate([cepstra, slope])
    features = features - features.mean(1, keepdims=True)
    return (features / (features.std(1, keepdims=True) + 1e-3)).astype(np.float32)
