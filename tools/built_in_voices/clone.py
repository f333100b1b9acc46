"""Verb `clone`: each recording of a folder becomes the voice file of a model, with its name, origin and language.

The recordings are those of `prompts`: their names are those of the table. With --plain the spectral map changes levels and
deviations of bands alone, which sounds best with clean speech, such as a teacher's; --denoise is for recordings.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import muspeaker
from muspeaker.voice import SUFFIX, VOICES_FOLDER
from tools.built_in_voices.table import choose, read_table

if TYPE_CHECKING:
    from tools.built_in_voices.table import BuiltIn


def find_recording(folder: Path, voice: BuiltIn) -> Path:
    """The recording of a voice.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If there are several.
    """
    found = sorted(path for path in folder.glob(f"{voice.name}.*") if path.suffix != SUFFIX)
    if not found:
        raise FileNotFoundError(f"{folder} has no recording of {voice.name}")
    if len(found) > 1:
        raise ValueError(f"{folder} has several recordings of {voice.name}: {found}")
    return found[0]


def make_voices(
    tts: muspeaker.Synthesizer, recordings: dict[Path, BuiltIn], to: Path, **how: bool
) -> list[Path]:
    """Clone each recording, and write NAME.voice for each; returns these files. How: options of `clone`."""
    written = []
    for path, voice in recordings.items():
        language = voice.language
        cloned = tts.clone(path, name=voice.name, consent=voice.origin, language=language, **how)
        written.append(to / f"{voice.name}{SUFFIX}")
        cloned.save(written[-1])
    return written


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.built_in_voices clone",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("folder", type=Path, help="recordings named NAME.wav or the like")
    parser.add_argument("--model", type=Path, help="model file; default: the one that ships")
    parser.add_argument("--to", type=Path, default=VOICES_FOLDER,
                        help="folder of the voice files; default: that of the package")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="NAME",
                        help="these voices; default: all that have a recording")  # fmt: skip
    parser.add_argument("--plain", action="store_true", help="the spectral map changes bands alone")
    parser.add_argument("--denoise", action="store_true", help="without the noise of the recording")
    options = parser.parse_args(arguments)
    table = read_table()
    only = options.only
    if only is None:
        stems = {path.stem for path in options.folder.iterdir()}
        only = [name for name in table if name in stems]
    recordings = {find_recording(options.folder, v): v for v in choose(table, only)}
    if not recordings:
        raise FileNotFoundError(f"{options.folder} has no recording of a voice of the table")
    options.to.mkdir(parents=True, exist_ok=True)
    tts = muspeaker.load(options.model)
    for path in make_voices(
        tts, recordings, options.to, plain=options.plain, denoise=options.denoise
    ):
        print(path)
