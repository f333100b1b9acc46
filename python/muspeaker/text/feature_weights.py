"""Linear scores of hashed features: the weights of the tagger and of the letter-to-sound models."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NUM_BUCKETS = 1 << 22  # buckets of the features' hashes


def _gaps(buckets: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Distances between buckets, (2, buckets): their low bytes and their high ones."""
    distances = np.diff(buckets, prepend=0)
    return np.stack([distances & 255, distances >> 8]).astype(np.uint8)


def _from_gaps(gaps: NDArray[np.uint8]) -> NDArray[np.int32]:
    low, high = gaps.astype(np.int32)
    return np.cumsum(low + (high << 8), dtype=np.int32)


class FeatureWeights:
    """int8 weights of the features that were worth keeping; all others weigh nothing.

    Args:
        buckets: (rows,) int32, ascending: the features' hashes modulo `NUM_BUCKETS`.
        weights: (rows, outputs) int8.
        names: What the outputs stand for.

    Attributes:
        table: (rows + 1, outputs) int8, the weights, and zeros for the features that were not kept.
    """

    def __init__(
        self, buckets: NDArray[np.int32], weights: NDArray[np.int8], names: tuple[str, ...]
    ) -> None:
        self.buckets = buckets
        self.names = names
        self._sorted = (
            buckets.data
        )  # a memoryview: it looks one number up faster than the array does
        self.table = np.concatenate([weights, np.zeros_like(weights[:1])])

    @classmethod
    def load(cls, path: Path) -> FeatureWeights:
        """Read a file that `save` wrote."""
        with np.load(path) as data:
            names = tuple(str(name) for name in data["names"])
            weights = np.ascontiguousarray(data["weights"].T)
            return cls(_from_gaps(data["gaps"]), weights, names)

    def save(self, path: Path) -> None:
        """Write a file that loads fast: it is the wheel that packs it, so the arrays are laid out to pack well."""
        names, weights = np.array(self.names), np.ascontiguousarray(self.table[:-1].T)
        np.savez(path, gaps=_gaps(self.buckets), weights=weights, names=names)

    def scores(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Sums of the weights of some features.

        Args:
            keys: (..., features) hashes, of any size.

        Returns:
            (..., outputs) int32.
        """
        wanted = (keys & (NUM_BUCKETS - 1)).astype(np.int32)  # as the buckets, else those are cast
        rows = np.minimum(self.buckets.searchsorted(wanted), len(self.buckets) - 1)
        rows[self.buckets[rows] != wanted] = -1
        found: NDArray[np.int32] = np.add.reduce(self.table[rows], axis=-2, dtype=np.int32)
        return found

    def row(self, key: int) -> NDArray[np.int8] | None:
        """The weights of one feature, (outputs,) int8; None if it was not kept."""
        wanted = key & (NUM_BUCKETS - 1)
        row = bisect_left(self._sorted, wanted)
        if row == len(self._sorted) or self._sorted[row] != wanted:
            return None
        found: NDArray[np.int8] = self.table[row]
        return found


def kept_rows(
    buckets: NDArray[np.int64], weights: NDArray[np.float32], num_rows: int, names: tuple[str, ...]
) -> FeatureWeights:
    """The features with the largest weights, as int8.

    Args:
        buckets: (features,), ascending.
        weights: (features, outputs).
        num_rows: How many features are kept, at most.
        names: Names of the outputs.
    """
    kept = np.sort(np.argsort(-np.abs(weights).sum(1))[:num_rows])
    scale = 127 / np.quantile(np.abs(weights[kept]), 0.9999)
    rounded = np.clip(np.rint(weights[kept] * scale), -127, 127).astype(np.int8)
    return FeatureWeights(buckets[kept].astype(np.int32), rounded, names)


class SparseFeatureWeights:
    """int8 weights of features that speak for or against a few outputs each.

    Args:
        buckets: (features,) int32, ascending: hashes modulo `NUM_BUCKETS`.
        counts: (features,) how many outputs each weighs.
        outputs: (weights,) uint8, the outputs, feature after feature.
        weights: (weights,) int8.
        names: What the outputs stand for.

    Attributes:
        starts: (features + 1,) int32, where the weights of each feature begin.
    """

    def __init__(
        self,
        buckets: NDArray[np.int32],
        counts: NDArray[np.uint8],
        outputs: NDArray[np.uint8],
        weights: NDArray[np.int8],
        names: tuple[str, ...],
    ) -> None:
        self.buckets = buckets
        self.outputs = outputs
        self.weights = weights
        self.names = names
        self.starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int32)]).astype(np.int32)

    @classmethod
    def load(cls, path: Path) -> SparseFeatureWeights:
        """Read a file that `save` wrote."""
        with np.load(path) as data:
            names = tuple(str(name) for name in data["names"])
            arrays = (data["counts"], data["outputs"], data["weights"])
            return cls(_from_gaps(data["gaps"]), *arrays, names)

    def save(self, path: Path) -> None:
        """Write a file that loads fast: it is the wheel that packs it, so the arrays are laid out to pack well."""
        np.savez(
            path,
            gaps=_gaps(self.buckets),
            counts=np.diff(self.starts).astype(np.uint8),
            outputs=self.outputs,
            weights=self.weights,
            names=np.array(self.names),
        )

    def scores(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sums of the weights of some features.

        Args:
            keys: (features,) hashes, of any size.

        Returns:
            (outputs,) float64, whole numbers.
        """
        wanted = (keys & (NUM_BUCKETS - 1)).astype(np.int32)  # as the buckets, else those are cast
        rows = np.minimum(self.buckets.searchsorted(wanted), len(self.buckets) - 1)
        rows = rows[self.buckets[rows] == wanted]
        if not len(rows):
            return np.zeros(len(self.names))
        places = [
            slice(start, end)
            for start, end in zip(
                self.starts[rows].tolist(), self.starts[rows + 1].tolist(), strict=True
            )
        ]
        outputs = np.concatenate([self.outputs[place] for place in places])
        weights = np.concatenate([self.weights[place] for place in places])
        sums = np.bincount(outputs, weights, minlength=len(self.names))
        return sums.astype(np.float64, copy=False)

    def scores_of_many(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """`scores` for several sets of features.

        Args:
            keys: (sets, features) hashes.

        Returns:
            (sets, outputs) float64.
        """
        wanted = (keys & (NUM_BUCKETS - 1)).astype(np.int32)  # as the buckets, else those are cast
        rows = np.minimum(self.buckets.searchsorted(wanted), len(self.buckets) - 1)
        owners, columns = np.nonzero(self.buckets[rows] == wanted)
        rows = rows[owners, columns]
        starts = self.starts[rows]
        counts = self.starts[rows + 1] - starts
        # Places of all their weights: each row's own count from its own start.
        places = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        size = len(self.names)
        outputs = self.outputs[places] + np.repeat(owners * size, counts)
        sums = np.bincount(outputs, self.weights[places], minlength=len(keys) * size)
        return sums.reshape(len(keys), size).astype(np.float64)


def kept_weights(
    buckets: NDArray[np.int64],
    weights: NDArray[np.float32],
    num_weights: int,
    names: tuple[str, ...],
) -> SparseFeatureWeights:
    """The largest single weights, as int8.

    Args:
        buckets: (features,), ascending.
        weights: (features, outputs).
        num_weights: How many are kept, about.
        names: Names of the outputs, at most 256.
    """
    size = np.abs(weights)
    floor = np.partition(size.ravel(), -num_weights)[-num_weights]
    scale = 127 / size.max()  # a few large weights decide much, so that none is clamped
    kept = size >= max(floor, 0.5 / scale)
    rounded = np.clip(np.rint(weights * scale), -127, 127).astype(np.int8)
    some = kept.any(1)
    rows, outputs = np.nonzero(kept[some])
    return SparseFeatureWeights(
        buckets[some].astype(np.int32),
        np.bincount(rows).astype(np.uint8),
        outputs.astype(np.uint8),
        rounded[some][rows, outputs],
        names,
    )
