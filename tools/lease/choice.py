"""Which clips travel, and whose recordings."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from tools.lease.corpus import sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from muspeaker.train.corpus.cache import Cache


def choose(cache: Cache, hours: Mapping[str, float]) -> list[int]:
    """Numbers of the clips of a corpus of which no source has more than its hours; copies go with their clips.

    Args:
        cache: The prepared corpus.
        hours: Most hours by source; a source that is not named travels whole.

    Raises:
        ValueError: If the corpus lacks one of the sources, or nothing is left.
    """
    clips = cache.clips
    unknown = sorted(set(hours) - {clip.source for clip in clips})
    if unknown:
        raise ValueError(f"{cache.folder} has no source {', '.join(unknown)}")
    audio = cache.sizes
    left = {
        source: most * 3600 * audio.sample_rate / audio.hop_samples
        for source, most in hours.items()
    }
    copy_of = sources(clips)
    chosen = set()
    for number in np.random.default_rng(0).permutation(len(clips)).tolist():
        clip = clips[number]
        if number in copy_of or left.get(clip.source, clip.frames) < clip.frames:
            continue
        if clip.source in left:
            left[clip.source] -= clip.frames
        chosen.add(number)
    if not chosen:
        raise ValueError("no clip is left to travel")
    return [n for n in range(len(clips)) if n in chosen or copy_of.get(n) in chosen]


def recordings(manifests: list[Path]) -> dict[str, Path]:
    """Files of clips by id, from corpus manifests."""
    found = {}
    for manifest in manifests:
        with manifest.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                found[row["id"]] = manifest.parent / row["path"]
    return found
