"""Clips of speech and their table: the loop of `speak` and `hibari`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from muspeaker.train.corpus.corpora import plain_words
from tools.teacher_speech.texts import on_one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SAMPLE_RATE = 24000
COLUMNS = ("id", "source", "licence", "speaker", "gender", "language", "sample_rate", "seconds",
           "path", "text", "phones", "durations")  # fmt: skip


@dataclass(frozen=True)
class Speech:
    """One spoken clip.

    Args:
        speaker: Name of the voice.
        gender: F or M.
        language: Language tag.
        samples: (samples,) float32 at `SAMPLE_RATE`.
        phones: One character each.
        durations: Frames of 600 samples: the silence before, each phone, the silence after.
    """

    speaker: str
    gender: str
    language: str
    samples: np.ndarray
    phones: str
    durations: list[int]


@dataclass(frozen=True)
class Order:
    """Which clips a shard makes.

    Args:
        source: Name of the teacher, with which ids begin.
        texts: Sentences; each round reads all of them in the order that the seed gives.
        held_out: Plain words of sentences that are not read.
        seed: Of the order and of the choice of voices.
        shard: Number of the shard, and of how many.
    """

    source: str
    texts: list[str]
    held_out: set[str]
    seed: int
    shard: tuple[int, int]


def make_speech(
    folder: Path, order: Order, seconds: float, say: Callable[[str, list[int]], Speech]
) -> float:
    """Make clips until the shard's table has as many seconds.

    Args:
        folder: `audio/` and the shard's table go there; what the table has is not made again.
        order: Which clips.
        seconds: Speech in the shard's table at the end, at least.
        say: Speaks a text; its second argument is the key of the clip: seed, round, number of the
            text. ValueError or RuntimeError if it cannot be spoken: then it is left out.

    Returns:
        Seconds of speech in the table.

    Raises:
        ValueError: If a whole round made nothing.
    """
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    table = table_of(folder, order.shard)
    rows = read_table(table) if table.exists() else []
    if not rows:
        table.write_text("\t".join(COLUMNS) + "\n", encoding="utf-8")
    done, total = {row["id"] for row in rows}, sum(float(row["seconds"]) for row in rows)
    numbers = np.random.default_rng(order.seed).permutation(len(order.texts))
    round_ = 0
    while total < seconds:
        made = 0
        for number in map(int, numbers[order.shard[0] :: order.shard[1]]):
            name = f"{order.source}_{order.seed}_{round_}_{number:05d}"
            text = on_one_line(order.texts[number])
            if name in done or plain_words(text) in order.held_out:
                made += name in done
                continue
            try:
                speech = say(text, [order.seed, round_, number])
            except (ValueError, RuntimeError):
                continue
            total += write_clip(folder, table, name, text, speech)
            made += 1
            if total >= seconds:
                break
        if not made:
            raise ValueError("none of the texts can be spoken")
        round_ += 1
    return total


def write_clip(folder: Path, table: Path, name: str, text: str, speech: Speech) -> float:
    """Write the recording, then its line of the table; returns its seconds."""
    path, seconds = f"audio/{name}.opus", len(speech.samples) / SAMPLE_RATE
    samples = np.clip(speech.samples, -1, 1)
    soundfile.write(folder / path, samples, SAMPLE_RATE, format="OGG", subtype="OPUS")
    row = (name, name.partition("_")[0], "Apache-2.0", speech.speaker, speech.gender, speech.language,
           SAMPLE_RATE, f"{seconds:.3f}", path, text, speech.phones,
           " ".join(map(str, speech.durations)))  # fmt: skip
    with table.open("a", encoding="utf-8") as file:
        file.write("\t".join(map(str, row)) + "\n")
    return seconds


def table_of(folder: Path, shard: tuple[int, int]) -> Path:
    """Where a shard's table lies."""
    return folder / f"manifest.{shard[0]}of{shard[1]}.tsv"


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a shard's table; a last line that was cut off is removed from the file.

    Raises:
        ValueError: If it is no such table.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if not lines or tuple(lines[0].rstrip("\n").split("\t")) != COLUMNS:
        raise ValueError(f"{path}: expected the columns {' '.join(COLUMNS)}")
    if not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]), encoding="utf-8")
        lines = lines[:-1]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def shard_of(text: str) -> tuple[int, int]:
    """`0/2` as numbers.

    Raises:
        ValueError: If it is no shard.
    """
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and int(number) < int(of)):
        raise ValueError(f"expected a shard such as 0/2, found {text!r}")
    return int(number), int(of)


def add_arguments(parser: argparse.ArgumentParser, *, hours: float) -> None:
    """Arguments that all makers share."""
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=Path, nargs="+", required=True,
                        help="one sentence a line, or manifests (*.tsv)")  # fmt: skip
    parser.add_argument("--held-out", type=Path, nargs="*", default=[],
                        help="tables with a column text of sentences not to be read")  # fmt: skip
    parser.add_argument("--hours", type=float, default=hours, help="of this shard")
    parser.add_argument("--shard", default="0/1", help="this process's share, such as 0/2")
    parser.add_argument("--seed", type=int, default=0)
