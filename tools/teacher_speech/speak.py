"""Verb `speak`: speech of many voices by Kokoro-82M, with its phones and durations.

Clips go to OUT/audio, a line each to OUT/manifest.SHARDofSHARDS.tsv: the columns of a corpus manifest, then
`phones` and `durations`. With --contours F0 and energy lie in OUT/contours, one array (2, frames)
float16 a clip, 80 frames a second. A command that is started again continues after what is there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.sound.files import whole_file
from tools.teacher_speech.speech import (
    Speech,
    add_arguments,
    add_format,
    make_speech,
    order_of,
    read_table,
    table_of,
)
from tools.teacher_speech.voices import choose, load_packs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.teacher_speech.teacher import Teacher

SOURCE = "kokoro"


def speaker(teacher: Teacher, packs: dict[str, np.ndarray]) -> Callable[[str, list[int]], Speech]:
    """What `make_speech` asks to speak a text: the key of a clip chooses the voice."""

    def say(text: str, key: list[int]) -> Speech:
        voice = choose(packs, key)
        phones = teacher.phones(text, british=voice.british)
        samples, durations = teacher.speak(phones, voice)
        gender = voice.speaker[1].upper()
        return Speech(voice.speaker, gender, voice.language, samples, phones, durations)

    return say


def add_contours(table: Path, teacher: Teacher, packs: dict[str, np.ndarray]) -> int:
    """Write F0 and energy of every clip of a shard's table that has none yet; how many were written.

    They come from the graph without its decoder, so speech made before gets them cheaply.

    Raises:
        ValueError: If the teacher's durations are not those of the table: other voices or another
            teacher made that speech.
    """
    folder, written = table.parent / "contours", 0
    folder.mkdir(exist_ok=True)
    for row in read_table(table):
        path = folder / f"{row['id']}.npy"
        if path.exists():
            continue
        voice = choose(packs, [int(number) for number in row["id"].split("_")[1:]])
        prosody = teacher.prosody(row["phones"], voice)
        if voice.speaker != row["speaker"] or prosody.durations.tolist() != [
            int(duration) for duration in row["durations"].split()
        ]:
            raise ValueError(f"{row['id']}: these voices do not give the durations of the table")
        with whole_file(path) as partial, partial.open("wb") as file:
            np.save(file, np.stack([prosody.f0, prosody.energy]).astype(np.float16))
        written += 1
    return written


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.teacher_speech speak",
                                     description=__doc__)  # fmt: skip
    add_arguments(parser, hours=5.0)
    add_format(parser, "opus")
    parser.add_argument("--voices", type=Path, required=True, help="what the verb `voices` wrote")
    parser.add_argument("--contours", action="store_true", help="write F0 and energy too")
    options = parser.parse_args(arguments)
    from tools.teacher_speech.kokoro import Kokoro  # noqa: PLC0415  (the extra `teacher`)

    order, packs, teacher = order_of(options, SOURCE), load_packs(options.voices), Kokoro()
    seconds = make_speech(options.out, order, 3600 * options.hours, speaker(teacher, packs))
    table = table_of(options.out, order.shard)
    print(f"{table}: {seconds / 3600:.2f} h")
    if options.contours:
        print(f"{add_contours(table, teacher, packs)} contours written")
