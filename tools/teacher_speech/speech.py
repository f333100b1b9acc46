"""Clips of speech and their table: the loop of `speak` and `hibari`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from muspeaker.train.corpus.manifest import plain_words
from tools.teacher_speech.texts import on_one_line, read_held_out, read_texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SAMPLE_RATE = 24000
FORMATS = {"opus": ("OGG", "OPUS"), "flac": ("FLAC", "PCM_16")}
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
        seed: Seed of the order and of the choice of voices.
        shard: Number of the shard, and of how many.
        suffix: Format of the recordings, one of `FORMATS`.
    """

    source: str
    texts: list[str]
    held_out: set[str]
    seed: int
    shard: tuple[int, int]
    suffix: str


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
    rows = open_table(table)
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
            total += write_clip(table, f"{name}.{order.suffix}", text, speech)
            made += 1
            if total >= seconds:
                break
        if not made:
            raise ValueError("none of the texts can be spoken")
        round_ += 1
    return total


def write_clip(table: Path, file: str, text: str, speech: Speech) -> float:
    """Write the recording, then its line of the table; returns its seconds."""
    name, _, suffix = file.partition(".")
    path, seconds = f"audio/{file}", len(speech.samples) / SAMPLE_RATE
    container, codec = FORMATS[suffix]
    samples = np.clip(speech.samples, -1, 1)
    soundfile.write(table.parent / path, samples, SAMPLE_RATE, format=container, subtype=codec)
    row = (name, name.partition("_")[0], "Apache-2.0", speech.speaker, speech.gender,
           speech.language, SAMPLE_RATE, f"{seconds:.3f}", path, text, speech.phones,
           " ".join(map(str, speech.durations)))  # fmt: skip
    with table.open("a", encoding="utf-8") as lines:
        lines.write("\t".join(map(str, row)) + "\n")
    return seconds


def table_of(folder: Path, shard: tuple[int, int]) -> Path:
    """Where a shard's table lies."""
    return folder / f"manifest.{shard[0]}of{shard[1]}.tsv"


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a shard's table, less a last line that is not whole: its clip is being written.

    Raises:
        ValueError: If it is no such table.
    """
    *lines, _ = path.read_text(encoding="utf-8").split("\n")
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise ValueError(f"{path}: expected the columns {' '.join(COLUMNS)}")
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def open_table(path: Path) -> list[dict[str, str]]:
    """Rows of a shard's table, made ready for further ones: begun, or freed of a line cut off."""
    rows = read_table(path) if path.exists() else []
    lines = [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)]
    whole = "".join("\t".join(line) + "\n" for line in lines)
    if not path.exists() or path.read_text(encoding="utf-8") != whole:
        path.write_text(whole, encoding="utf-8")
    return rows


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
    """Arguments that `speak`, `hibari` and `prosody` share."""
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=Path, nargs="+", required=True,
                        help="one sentence a line, or manifests (*.tsv)")  # fmt: skip
    parser.add_argument("--held-out", type=Path, nargs="*", default=[],
                        help="tables with a column text of sentences not to be read")  # fmt: skip
    parser.add_argument("--hours", type=float, default=hours, help="hours of this shard")
    parser.add_argument("--shard", default="0/1", help="this process's share, such as 0/2")
    parser.add_argument("--seed", type=int, default=0)


def add_format(parser: argparse.ArgumentParser, suffix: str) -> None:
    """The further argument of the makers of recordings."""
    parser.add_argument("--format", choices=FORMATS, default=suffix,
                        help="format of the recordings; opus is smaller and slower")  # fmt: skip


def order_of(options: argparse.Namespace, source: str) -> Order:
    """What those arguments ask for.

    Raises:
        ValueError: If the shard is none, or there are no texts.
        OSError: If a file cannot be read.
    """
    return Order(source, read_texts(options.texts), read_held_out(options.held_out),
                 options.seed, shard_of(options.shard), options.format)  # fmt: skip
