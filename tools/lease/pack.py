"""Verb `pack`: a prepared corpus and checkpoints into archives to be sent."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.train.corpus.cache import Cache
from muspeaker.train.loop.checkpoint import load_checkpoint
from tools.lease import corpus, state
from tools.lease.archive import write_archives
from tools.lease.choice import choose, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def members(
    cache: Cache,
    checkpoints: list[Path],
    numbers: list[int] | None = None,
    files: Mapping[str, Path] | None = None,
    *,
    bare: bool = False,
) -> Iterator[tuple[str, bytes]]:
    """Checkpoints first, then the corpus."""
    for path in checkpoints:
        loaded = load_checkpoint(path)
        yield (
            f"checkpoints/{path.name}",
            state.shrink(state.without_moments(loaded) if bare else loaded),
        )
    yield from corpus.members(cache, numbers, files)


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb.

    Raises:
        ValueError: If the choice of clips cannot be understood, or leaves none.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.lease pack", description=__doc__)
    parser.add_argument(
        "corpus", type=Path, help="folder written by muspeaker.train.stages.prepare"
    )
    parser.add_argument("--checkpoint", type=Path, action="append", default=[],
                        help="such as runs/vocoder/vocoder.pt; may be repeated")  # fmt: skip
    parser.add_argument("--bare", action="store_true",
                        help="checkpoints without optimizers and discriminators: a new run")  # fmt: skip
    parser.add_argument("--hours", nargs="+", default=[], metavar="SOURCE=HOURS",
                        help="most hours of a source that travel; 0 for none")  # fmt: skip
    parser.add_argument("--files", type=Path, nargs="+", default=[], metavar="MANIFEST",
                        help="send these recordings as they are; needs soundfile and soxr there")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs/lease"))
    parser.add_argument("--limit-mb", type=float, default=60.0, help="size of one archive")
    options = parser.parse_args(arguments)
    limit_bytes = int(options.limit_mb * 1e6)
    cache = Cache(options.corpus)
    numbers = choose(cache, dict(map(_hours, options.hours)))
    content = members(
        cache, options.checkpoint, numbers, recordings(options.files), bare=options.bare
    )
    for path in write_archives(options.out, content, limit_bytes):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _hours(word: str) -> tuple[str, float]:
    source, _, hours = word.partition("=")
    try:
        return source, float(hours)
    except ValueError as error:
        raise ValueError(f"--hours {word}: expected SOURCE=HOURS") from error
