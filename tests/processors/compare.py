"""Compare what `speak.py` wrote on several processors with what it wrote on one of them.

    python tests/processors/compare.py REFERENCE.npz OTHER.npz...
    python tests/processors/compare.py --exact REFERENCE.npz OTHER.npz...

The figures are normalised squared errors. With `--exact` every value must be the same. Without it errors may be as large
as CEILINGS says, for some kernels add floats in another order or round after a product.
"""

from __future__ import annotations

import sys

import numpy as np

# What was seen between scalar, SSE2, AVX2, AVX-512 and NEON kernels: the sentence 1.8e-2 (ARM), 24 sentences of built-in
# voices up to 3.8e-2, where one of the 24 lasts a frame more; the vector 4e-6, the clone 4e-3. Layers of integers round
# other last bits up, and the phases of harmonics sum what F0 differs by.
CEILINGS = {"spoken": 1e-1, "voice": 5e-5, "cloned": 1e-2}


def difference(actual: np.ndarray, expected: np.ndarray) -> float:
    """Normalised squared error; infinite where shapes differ."""
    if actual.shape != expected.shape:
        return np.inf
    error = np.square(actual.astype(np.float64) - expected).sum()
    return float(error / np.square(expected.astype(np.float64)).sum())


def main(arguments: list[str]) -> None:
    """Print a line for each array of each file; exit with 1 where one is too far from the reference."""
    exact = arguments[0] == "--exact"
    reference, *others = arguments[exact:]
    expected = np.load(reference)
    bad = not others
    for other in others:
        actual = np.load(other)
        for name in expected.files:
            error = difference(actual[name], expected[name])
            bad |= not error <= (0.0 if exact else CEILINGS[name])
            sys.stdout.write(f"{other}: {name} {error:.1e}\n")
    sys.exit(bad)


if __name__ == "__main__":
    main(sys.argv[1:])
