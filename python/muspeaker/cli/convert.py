"""`muspeaker convert`: a recording in another voice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import muspeaker
from muspeaker.cli.outlets import Outlets
from muspeaker.cli.speech_options import (
    DEFAULTS,
    EnergyOption,
    JsonOption,
    LanguageOption,
    PhonemesOption,
    PitchOption,
    SeedOption,
    VoiceOption,
)
from muspeaker.cli.terminal import (
    ModelOption,
    ThreadsOption,
    failing_cleanly,
    find_voice,
    progress,
)


def convert(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    source: Annotated[Path, typer.Argument(help="Sound file of one speaker, 0.3 to 60 s.")],
    text: Annotated[
        str,
        typer.Option("--text", "-t", help="What it says, word by word; - reads standard input."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Sound file; its suffix is the format, - is WAV to stdout."
        ),
    ] = Path("converted.wav"),
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    model: ModelOption = None,
    pitch: PitchOption = DEFAULTS.pitch,
    energy: EnergyOption = DEFAULTS.energy,
    seed: SeedOption = DEFAULTS.seed,
    language: LanguageOption = DEFAULTS.language,
    phonemes: PhonemesOption = DEFAULTS.phonemes,
    threads: ThreadsOption = None,
) -> None:
    """Say again what a recording says, in another voice.

    The words and phones that --json prints have their start and end in seconds.
    """
    with failing_cleanly():
        out = Outlets.chosen(output, None, raw=False, play=False, as_json=as_json)
        if text == "-":
            text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
        with progress("converting"):
            tts = muspeaker.load(model, num_threads=threads)
            speaker = find_voice(tts, voice)
            audio = tts.convert(
                source,
                speaker,
                text,
                pitch=pitch,
                energy=energy,
                seed=seed,
                language=language,
                phonemes=phonemes,
            )
        out.write(audio)
        out.finish(speaker.name)
