"""How far apart two results are, and how far they may be."""

from __future__ import annotations

import numpy as np

# Normalised squared error of one block, before its residual sum.
CEILING = {"f32": 1e-6, "f16": 1e-6, "q8": 5e-4}


def squared_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Squared distance over the squared length of what is expected.

    Args:
        actual: Any shape, as `expected`; a transposed array does not pass for another.
        expected: What PyTorch says, not all zero.
    """
    assert actual.shape == expected.shape
    expected = expected.astype(np.float64)
    energy = np.square(expected).sum()
    assert np.isfinite(energy)
    assert energy > 0
    return float(np.square(actual - expected).sum() / energy)
