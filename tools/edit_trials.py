"""Edits of the recordings of a judged set, and plain clones of the same new sentences.

`python -m tools.edit_trials SET OUT` reads SET/trials.tsv (id, speaker, prompt, target, text) and the new texts of
`tools/edit_trials.tsv` (id, text). It writes OUT/edited/ID.wav and OUT/cloned/ID.wav, and OUT/trials.tsv with the new
texts, for a judge that compares them with the prompts.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import muspeaker
from muspeaker.sound.recording import sample_bits

EDITS = Path(__file__).with_suffix(".tsv")


def read_rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows of trials.tsv by their ids."""
    with path.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["id"]: row for row in rows}


def edit_all(folder: Path, out: Path, edits: Path = EDITS, **load: Any) -> int:
    """Edit and clone all; returns how many.

    Raises:
        ValueError: If an edit is of no row of the set.
    """
    rows, tts = read_rows(folder / "trials.tsv"), muspeaker.load(**load)
    wanted = [line.split("\t") for line in edits.read_text(encoding="utf-8").splitlines()]
    unknown = [name for name, _ in wanted if name not in rows]
    if unknown:
        raise ValueError(f"no such rows in {folder}: {', '.join(unknown)}")
    for kind in ("edited", "cloned"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    lines = ["id\tspeaker\tprompt\ttarget\ttext"]
    for name, text in wanted:
        row = rows[name]
        recording, prompt = (folder / row[key] for key in ("target", "prompt"))
        edited = tts.edit(recording, row["text"], text)
        edited.save(out / "edited" / f"{name}.wav", bits=sample_bits(recording))
        tts.synthesize(text, prompt).save(out / "cloned" / f"{name}.wav")
        files = (str(path.resolve()) for path in (prompt, recording))
        lines.append("\t".join([name, row["speaker"], *files, text]))
    (out / "trials.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(wanted)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.edit_trials", description=__doc__)
    parser.add_argument("set", type=Path, help="folder with trials.tsv")
    parser.add_argument("out", type=Path, help="folder to write to")
    options = parser.parse_args()
    print(f"{edit_all(options.set, options.out, num_threads=1)} edits in {options.out}")


if __name__ == "__main__":
    main()
