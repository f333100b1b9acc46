"""Verb `manifest`: one corpus manifest of all speech in the given folders.

It has the columns that `speak` and `hibari` write, then `weight`, how often a clip is drawn compared with
a recording of the same length, and `bandwidth`, the highest frequency in Hz that a clip has.
What `prosody` made has no speech and is counted alone.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from muspeaker.train.corpus.prosody import read_block
from tools.teacher_speech.speech import COLUMNS, SAMPLE_RATE, read_table

WEIGHTS = {"kokoro": 1.0, "hibari": 0.25}  # hibari is one voice, whatever its hours
BANDWIDTH_HZ = SAMPLE_RATE // 2


def join(folders: list[Path], to: Path, weights: dict[str, float]) -> dict[str, tuple[int, float]]:
    """Write the manifest.

    Args:
        folders: What the other verbs wrote to.
        to: The manifest; its paths are relative to it.
        weights: Weight by source.

    Returns:
        Clips and hours by source.

    Raises:
        ValueError: If there is no clip, or an id has clips in two folders.
    """
    lines, found = {}, {}
    for table in (path for folder in folders for path in sorted(folder.glob("manifest.*of*.tsv"))):
        for row in read_table(table):
            if row["id"] in lines:
                raise ValueError(f"{row['id']} has a second clip in {table}")
            path = os.path.relpath(table.parent / row["path"], to.parent)
            changed = {**row, "path": path}
            lines[row["id"]] = [*(changed[name] for name in COLUMNS),
                                f"{weights[row['source']]:g}", str(BANDWIDTH_HZ)]  # fmt: skip
            clips, hours = found.get(row["source"], (0, 0.0))
            found[row["source"]] = (clips + 1, hours + float(row["seconds"]) / 3600)
    if not lines:
        raise ValueError(f"no speech in {', '.join(map(str, folders))}")
    rows = [[*COLUMNS, "weight", "bandwidth"], *lines.values()]
    to.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return found


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.teacher_speech manifest",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("folders", type=Path, nargs="+", metavar="OUT")
    parser.add_argument("--to", type=Path, required=True, help="the manifest")
    parser.add_argument("--weight", nargs="*", default=[], metavar="SOURCE=WEIGHT",
                        help=f"default {WEIGHTS}")  # fmt: skip
    options = parser.parse_args(arguments)
    weights = {**WEIGHTS, **{s: float(w) for s, _, w in (x.partition("=") for x in options.weight)}}
    for source, (clips, hours) in join(options.folders, options.to, weights).items():
        print(f"{source}: {clips} clips, {hours:.2f} h")
    blocks = [path for folder in options.folders for path in folder.glob("prosody_*.npz")]
    if blocks:
        hours = sum(clip.seconds for path in blocks for clip in read_block(path)) / 3600
        print(f"prosody: {len(blocks)} files, {hours:.2f} h, not in the manifest")
