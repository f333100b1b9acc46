"""Verb `prompts`: a recording of each voice, from which `clone` makes it.

The teacher reads `prompt.txt`, or what the table gives it to read, in the pack of the voice, to FOLDER/NAME.wav. A voice
that comes from a recording of the corpora gets a copy of that, under its name.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from muspeaker.sound.files import whole_file
from tools.built_in_voices.table import choose, read_table
from tools.teacher_speech.teacher import SAMPLE_RATE
from tools.teacher_speech.voices import Voice, load_packs

if TYPE_CHECKING:
    from tools.built_in_voices.table import BuiltIn
    from tools.teacher_speech.teacher import Teacher

TEXT = Path(__file__).with_name("prompt.txt")


def read_prompt(teacher: Teacher, packs: dict[str, np.ndarray], voice: BuiltIn) -> np.ndarray:
    """The voice's text, or that of the prompts, in its pack and at the pack's own pace: (samples,) float32 at `SAMPLE_RATE`.

    Raises:
        ValueError: If there is no such pack.
    """
    if voice.pack not in packs:
        raise ValueError(f"no pack {voice.pack!r} for {voice.name}: expected it among the voices")
    speaker = Voice(voice.pack, packs[voice.pack], speed=1.0)
    text = " ".join((voice.read or TEXT.read_text(encoding="utf-8")).split())
    samples, _ = teacher.speak(teacher.phones(text, british=speaker.british), speaker)
    return samples


def make_prompts(
    folder: Path,
    voices: list[BuiltIn],
    teacher: Teacher | None,
    packs: dict[str, np.ndarray],
    corpora: Path | None,
) -> list[Path]:
    """Write the prompts.

    Args:
        folder: They go there; it is made if it does not exist.
        voices: Voices that are wanted.
        teacher: Reads for voices of a pack; None if there is none of these.
        packs: Kokoro's packs by name.
        corpora: Folder of the corpora; None if there is no voice of a recording.

    Returns:
        The files.

    Raises:
        ValueError: If something is missing that a voice needs.
        OSError: If a file cannot be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for voice in voices:
        if voice.recording:
            if corpora is None:
                raise ValueError(
                    f"{voice.name} comes from a recording: give --corpora, or --only others"
                )
            path = folder / f"{voice.name}{Path(voice.recording).suffix}"
            shutil.copyfile(corpora / voice.recording, path)
        else:
            if teacher is None:
                raise ValueError(
                    f"{voice.name} comes from the teacher: give --voices, or --only others"
                )
            samples = np.clip(read_prompt(teacher, packs, voice), -1, 1)
            path = folder / f"{voice.name}.wav"
            with whole_file(path) as partial:
                soundfile.write(partial, samples, SAMPLE_RATE, "PCM_16", format="WAV")
        written.append(path)
    return written


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.built_in_voices prompts",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("folder", type=Path)
    parser.add_argument("--voices", type=Path,
                        help="Kokoro's packs: what `tools.teacher_speech voices` wrote")  # fmt: skip
    parser.add_argument("--corpora", type=Path, help="folder of the corpus that has the recordings")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these voices; default: all")
    options = parser.parse_args(arguments)
    voices = choose(read_table(), options.only)
    teacher, packs = None, {}
    if options.voices is not None and any(voice.pack for voice in voices):
        from tools.teacher_speech.kokoro import Kokoro  # noqa: PLC0415  (the extra `teacher`)

        packs, teacher = load_packs(options.voices), Kokoro()
    for path in make_prompts(options.folder, voices, teacher, packs, options.corpora):
        print(f"{path}: {soundfile.info(path).duration:.2f} s")
