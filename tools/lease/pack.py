"""Verb `pack`: a prepared corpus and checkpoints into archives to be sent."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.train.corpus.cache import Cache
from muspeaker.train.loop.checkpoint import load_checkpoint
from tools.lease import corpus, state
from tools.lease.archive import write_archives

if TYPE_CHECKING:
    from collections.abc import Iterator


def members(folder: Path, checkpoints: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Checkpoints first, then the corpus."""
    for path in checkpoints:
        yield f"checkpoints/{path.name}", state.shrink(load_checkpoint(path))
    yield from corpus.members(Cache(folder))


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.lease pack", description=__doc__)
    parser.add_argument(
        "corpus", type=Path, help="folder written by muspeaker.train.stages.prepare"
    )
    parser.add_argument("--checkpoint", type=Path, action="append", default=[],
                        help="such as runs/vocoder/vocoder.pt; may be repeated")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs/lease"))
    parser.add_argument("--limit-mb", type=float, default=60.0, help="size of one archive")
    options = parser.parse_args(arguments)
    limit_bytes = int(options.limit_mb * 1e6)
    content = members(options.corpus, options.checkpoint)
    for path in write_archives(options.out, content, limit_bytes):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
