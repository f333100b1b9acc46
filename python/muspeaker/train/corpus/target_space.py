"""The space of the timbre encoder's targets: a teacher's embeddings without what all speakers share.

The axes are the principal ones of the speakers, as many as the encoder's embedding has, so that it learns the
targets as they are. Cosines to the mean speaker tell speakers apart better than the teacher's own. Linear
discriminant analysis told them apart less well than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from muspeaker.sound.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TargetSpace:
    """An affine map of embeddings, and unit length.

    Attributes:
        mean: (teacher,), of the mean speakers.
        matrix: (teacher, axes), the axis of the largest variance first; zero where there are no more.
    """

    mean: Vectors
    matrix: Vectors

    def __call__(self, vectors: npt.NDArray[np.floating]) -> Vectors:
        """Map (clips, teacher) to (clips, axes) of unit length."""
        centered = vectors.astype(np.float32) - self.mean
        return unit(np.asarray(centered @ self.matrix, np.float32))

    def save(self, path: Path) -> None:
        """Keep it for other corpora, so that encoders of the same space can be compared."""
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, mean=self.mean, matrix=self.matrix)


def load_space(path: Path) -> TargetSpace:
    """Read what `TargetSpace.save` wrote."""
    with np.load(path) as stored:
        return TargetSpace(stored["mean"], stored["matrix"])


def unit(vectors: Vectors) -> Vectors:
    """Rows of length one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, 1e-9)
    return scaled


def fit_space(vectors: npt.NDArray[np.floating], speakers: Sequence[str], axes: int) -> TargetSpace:
    """Find the principal axes of the speakers' means.

    Args:
        vectors: (clips, teacher) embeddings.
        speakers: Label of each clip.
        axes: How many to keep.
    """
    x = vectors.astype(np.float64)
    means = np.stack([x[rows].mean(0) for rows in _rows_of(speakers)])
    mean = means.mean(0)
    variances, directions = np.linalg.eigh((means - mean).T @ (means - mean))
    best = np.argsort(variances)[::-1][:axes]
    matrix = np.zeros((x.shape[1], axes), np.float32)
    matrix[:, : len(best)] = directions[:, best]
    return TargetSpace(mean.astype(np.float32), matrix)


def smooth(vectors: Vectors, speakers: Sequence[str], alone: Sequence[bool]) -> Vectors:
    """Half of each clip's target, half of the mean of its speaker; unit length.

    Args:
        vectors: (clips, axes) of unit length.
        speakers: Label of each clip.
        alone: Whether the label is of several people, so that the clip keeps its own target.
    """
    result = vectors.copy()
    for rows in _rows_of(speakers):
        if not alone[rows[0]]:
            result[rows] += unit(vectors[rows].mean(0, keepdims=True))
    return unit(result)


def _rows_of(speakers: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    labels = np.array(speakers)
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(labels[order][1:] != labels[order][:-1]) + 1
    return np.split(order, edges)
