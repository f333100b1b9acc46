"""The alignment of a corpus: which phones each clip has, and for how many frames, on disk.

The stage `align` writes one by a hidden Markov model (`twin.model.aligner`), the stage `realign` a better one
by a network (`twin.model.phone_classifier`).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from muspeaker.sound.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ALIGNMENT, REALIGNED = "alignment.npz", "realigned.npz"

# Token ids (3, tokens), durations (tokens,) in frames and score of a clip.
Labels = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], float]
Alignment = dict[int, Labels]  # of each aligned clip, by number


def alignment_path(folder: Path) -> Path:
    """The best alignment that a corpus has: that of `realign`, else that of `align`."""
    better = folder / REALIGNED
    return better if better.exists() else folder / ALIGNMENT


def load_alignment(path: Path) -> Alignment:
    """Read what `save_alignment` wrote."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in ("numbers", "lengths", "scores")}
        tokens, durations = stored["tokens"], stored["durations"]
    result = {}
    end = 0
    for number, length, score in zip(*arrays.values(), strict=True):
        start, end = end, end + length
        result[int(number)] = (tokens[:, start:end], durations[start:end], float(score))
    return result


def save_alignment(path: Path, alignment: Mapping[int, Labels]) -> None:
    """Write clip numbers, token ids, durations and scores of all clips, flattened."""
    with whole_file(path) as partial:
        partial.write_bytes(packed_alignment(alignment))


def packed_alignment(alignment: Mapping[int, Labels]) -> bytes:
    """The content of that file."""
    numbers = sorted(alignment)
    packed = io.BytesIO()
    np.savez(
        packed,
        numbers=np.array(numbers),
        lengths=np.array([alignment[i][0].shape[1] for i in numbers]),
        tokens=np.concatenate([alignment[i][0] for i in numbers], axis=1),
        durations=np.concatenate([alignment[i][1] for i in numbers]),
        scores=np.array([alignment[i][2] for i in numbers]),
    )
    return packed.getvalue()
