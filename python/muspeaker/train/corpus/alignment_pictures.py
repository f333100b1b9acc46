"""Pictures of alignments for the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from muspeaker.train.corpus.cache import Cache
    from muspeaker.train.loop.journal import Journal
NUM_PICTURES = 10


def shown_clips(numbers: Iterable[int]) -> list[int]:
    """NUM_PICTURES of the clips, evenly spread."""
    ordered = sorted(numbers)
    return ordered[:: max(1, len(ordered) // NUM_PICTURES)][:NUM_PICTURES]


def show_paths(
    journal: Journal, cache: Cache, paths: Mapping[int, npt.NDArray[np.int64]], step: int
) -> None:
    """Mels with a line at every boundary, and the first one's audio.

    Args:
        journal: Gets them.
        cache: The prepared corpus.
        paths: Durations (tokens,) of some clips, by number.
        step: Step of the run.
    """
    for number, (i, durations) in enumerate(paths.items()):
        clip = cache.clips[i]
        mel = cache.mel[clip.span].astype(np.float32).T
        ends = np.cumsum(durations)[:-1]
        mel[:, ends[ends < clip.frames]] = mel.max()
        journal.picture(f"alignment/{number}", np.repeat(mel, 2, axis=0), step)
    first = cache.clips[next(iter(paths))]
    journal.audio("alignment/0", cache.samples(first), step)
