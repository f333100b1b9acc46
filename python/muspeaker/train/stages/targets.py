"""Stage: what the timbre encoder is to learn of every clip, from the GE2E embedding by the package Resemblyzer.

Copies at other speeds and with other vocal tracts get the embedding of what they sound like. `ge2e.npy` keeps
the embeddings, `target_space.npz` the space that they are mapped to, and `targets.npy` the targets. The
acoustic stages can take these too (`--timbre targets.npy`), before there is an encoder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (the parser resolves it)

import numpy as np
import soxr
import torch
from tqdm import tqdm

from muspeaker.train.corpus.cache import Cache, write_array
from muspeaker.train.corpus.ge2e import GE2E_RATE_HZ, GE2E_SIZE, embed, load_ge2e
from muspeaker.train.corpus.target_space import TargetSpace, fit_space, load_space, smooth
from muspeaker.train.loop.options import argument, option, parse

log = logging.getLogger(__name__)
FILE = "ge2e.npy"
SPACE, TARGETS = "target_space.npz", "targets.npy"
PARTIAL = "ge2e.partial.npy"
CLIPS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class TargetsOptions:
    """The command line of the stage."""

    corpus: Path = argument("folder written by `muspeaker-train prepare`")
    axes: int = option(192, "size of the timbre encoder's embedding")
    space: Path | None = option(
        None, "target_space.npz of another corpus, to stay in its space; fitted to this one if none"
    )
    network: Path | None = option(None, "Resemblyzer's pretrained.pt; that of the package if none")
    threads: int = option(1, "threads of the CPU")


def write_embeddings(cache: Cache, network: Path | None) -> Path:
    """Write the embedding of every clip into the folder of the corpus, (clips, 256) float16; resumes.

    Args:
        cache: The prepared corpus.
        network: File of Resemblyzer's weights, or None for those of the package.

    Returns:
        Path of the file.

    Raises:
        FileNotFoundError: If no file is given and Resemblyzer is not installed.
        ValueError: If the file holds other weights.
    """
    path, partial = cache.folder / FILE, cache.folder / PARTIAL
    if path.exists():
        return path
    teacher = load_ge2e(network)
    shape = (len(cache.clips), GE2E_SIZE)
    if not partial.exists() or np.load(partial, mmap_mode="r").shape != shape:
        np.save(partial, np.full(shape, np.nan, np.float16))
    vectors = np.lib.format.open_memmap(partial, "r+")
    for first in tqdm(range(0, len(vectors), CLIPS_AT_ONCE), "targets", mininterval=20):
        rows = vectors[first : first + CLIPS_AT_ONCE]
        if np.isfinite(rows).all():
            continue
        clips = cache.clips[first : first + CLIPS_AT_ONCE]
        rate_hz = cache.sizes.sample_rate
        rows[:] = embed(
            teacher, (soxr.resample(cache.samples(c), rate_hz, GE2E_RATE_HZ) for c in clips)
        )
        vectors.flush()
    del vectors
    partial.replace(path)
    return path


def write_targets(cache: Cache, axes: int, space: TargetSpace | None = None) -> Path:
    """Map the embeddings of a corpus to targets, (clips, axes) float32 of unit length.

    Half of a target is the clip's, half the mean of its speaker.

    Args:
        cache: The prepared corpus, with embeddings.
        axes: Size of a target.
        space: Where to; fitted to the real speakers of the corpus if None.

    Returns:
        Path of the targets; the space lies beside them.

    Raises:
        ValueError: If the space has another number of axes.
    """
    rows = np.load(cache.folder / FILE).astype(np.float32)
    labels = [clip.speaker for clip in cache.clips]
    alone = [not clip.is_of_one_person for clip in cache.clips]
    if space is None:
        real = np.array([clip.speed == 1.0 and not clip.warp for clip in cache.clips])
        sure = np.flatnonzero(real & ~np.array(alone))
        space = fit_space(rows[sure], [labels[n] for n in sure], axes)
    if space.matrix.shape[1] != axes:
        raise ValueError(f"the space has {space.matrix.shape[1]} axes, expected {axes}")
    space.save(cache.folder / SPACE)
    path = cache.folder / TARGETS
    write_array(path, smooth(space(rows), labels, alone))
    return path


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    options = parse(TargetsOptions, arguments, "muspeaker-train targets", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    cache = Cache(options.corpus)
    write_embeddings(cache, options.network)
    space = load_space(options.space) if options.space else None
    log.info("%s", write_targets(cache, options.axes, space))


if __name__ == "__main__":
    main()
