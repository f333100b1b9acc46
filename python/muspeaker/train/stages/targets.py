"""Stage: what the timbre encoder is to learn, the GE2E embedding of every clip by the package Resemblyzer.

Copies at other speeds and with other vocal tracts get the embedding of what they sound like.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (the parser resolves it)

import numpy as np
import soxr
import torch
from tqdm import tqdm

from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.ge2e import GE2E_RATE_HZ, GE2E_SIZE, embed, load_ge2e
from muspeaker.train.loop.options import argument, option, parse

log = logging.getLogger(__name__)
FILE = "ge2e.npy"
PARTIAL = "ge2e.partial.npy"
CLIPS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class TargetsOptions:
    """The command line of the stage."""

    corpus: Path = argument("folder written by `muspeaker-train prepare`")
    network: Path | None = option(None, "Resemblyzer's pretrained.pt; that of the package if none")
    threads: int = option(1, "threads of the CPU")


def write_targets(cache: Cache, network: Path | None) -> Path:
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


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    options = parse(TargetsOptions, arguments, "muspeaker-train targets", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    log.info("%s", write_targets(Cache(options.corpus), options.network))


if __name__ == "__main__":
    main()
