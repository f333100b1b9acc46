"""Speakers to keep out of training, and trials to judge clones of them on.

`python -m tools.held_out MANIFEST.tsv ... --to FOLDER` splits manifests by speaker: `train.tsv` has those to train
on, `held_out.tsv` the others, and `trials/` what a judge reads: `trials.tsv` (id, speaker, prompt, target, text)
and the recordings. Choices that are made on this set leave the development set unseen. Which speakers are kept
out depends on their names alone, so more clips of them change nothing.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from muspeaker.sound.files import write_whole
from muspeaker.train.corpus.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from muspeaker.train.corpus.manifest import CorpusClip

LEAST_CLIPS = 3  # of a speaker: a prompt, and something to say
LEAST_SPEAKERS = 5  # of a source that gives any: one of a few voices is not to be missed
PROMPT_SECONDS = (4.0, 12.0)
LEAST_WORDS = 6
TARGETS = 2  # of a speaker
TRIAL_COLUMNS = ("id", "speaker", "prompt", "target", "text")


def choose_speakers(clips: Iterable[CorpusClip], share: float) -> set[str]:
    """Some speakers of every source that has enough of them.

    Args:
        clips: All clips.
        share: Share of the speakers of a source; at least one.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for clip in clips:
        counts[clip.source][clip.speaker] += 1
    chosen: set[str] = set()
    for speakers in counts.values():
        names = sorted((n for n, c in speakers.items() if c >= LEAST_CLIPS), key=_digest)
        if len(speakers) >= LEAST_SPEAKERS:
            chosen |= set(names[: max(1, round(share * len(names)))])
    return chosen


def make_trials(clips: Iterable[CorpusClip]) -> list[tuple[CorpusClip, CorpusClip]]:
    """Prompt and target of every trial: another sentence of the same speaker, said by that speaker."""
    of_speaker: dict[str, list[CorpusClip]] = defaultdict(list)
    for clip in clips:
        if clip.text:
            of_speaker[clip.speaker].append(clip)
    trials = []
    for _, spoken in sorted(of_speaker.items()):
        spoken.sort(key=lambda clip: _digest(clip.id))
        lengths = {clip.id: soundfile.info(clip.path).duration for clip in spoken}
        least, most = PROMPT_SECONDS
        prompt = next((c for c in spoken if least <= lengths[c.id] <= most), None)
        if prompt is None:
            continue
        targets = [c for c in spoken if c is not prompt and lengths[c.id] <= most]
        targets = [c for c in targets if len(c.text.split()) >= LEAST_WORDS]
        trials += [(prompt, target) for target in targets[:TARGETS]]
    return trials


def write_trials(trials: Sequence[tuple[CorpusClip, CorpusClip]], folder: Path) -> None:
    """Write the table and the recordings, as FLAC."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    rows = []
    for prompt, target in trials:
        names = []
        for clip in (prompt, target):
            names.append(f"audio/{clip.id}.flac")
            if not (folder / names[-1]).exists():
                samples, rate_hz = soundfile.read(clip.path, dtype="float32")
                soundfile.write(folder / names[-1], samples, rate_hz)
        rows.append((target.id, target.speaker, *names, target.text))
    lines = ["\t".join(row) for row in (TRIAL_COLUMNS, *rows)]
    write_whole(folder / "trials.tsv", ("\n".join(lines) + "\n").encode())


def split_manifests(manifests: Sequence[Path], held: set[str], folder: Path) -> None:
    """Write the rows of all manifests to train.tsv and held_out.tsv, their paths absolute."""
    rows, columns = [], []
    for manifest in manifests:
        with manifest.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns += [name for name in table.fieldnames or () if name not in columns]
            for row in table:
                rows.append(row | {"path": str((manifest.parent / row["path"]).resolve())})
    for name, wanted in (("train", False), ("held_out", True)):
        kept = [row for row in rows if (row["speaker"] in held) == wanted]
        lines_out = ["\t".join(columns)]
        lines_out += ["\t".join(row.get(column) or "" for column in columns) for row in kept]
        write_whole(folder / f"{name}.tsv", ("\n".join(lines_out) + "\n").encode())


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 when done, 1 if a manifest cannot be read or no trial can be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.held_out", description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="folder for the results")
    parser.add_argument("--share", type=float, default=0.03, help="of the speakers of a source")
    options = parser.parse_args(arguments)
    if not 0 < options.share < 1:
        parser.error(f"--share must be between 0 and 1, got {options.share}")
    try:
        clips = [clip for path in options.manifests for clip in read_manifest(path)]
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    held = choose_speakers(clips, options.share)
    trials = make_trials(clip for clip in clips if clip.speaker in held)
    if not trials:
        print("error: no speaker has a prompt and a sentence to say", file=sys.stderr)
        return 1
    options.to.mkdir(parents=True, exist_ok=True)
    split_manifests(options.manifests, held, options.to)
    write_trials(trials, options.to / "trials")
    print(f"{len(held)} speakers kept out, {len(trials)} trials")
    return 0


if __name__ == "__main__":
    sys.exit(main())
