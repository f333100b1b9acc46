"""`muspeaker clone`: keep a voice in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import muspeaker
from muspeaker.cli.outlets import unnamed
from muspeaker.cli.speech_options import ForceOption  # noqa: TC001 (typer reads it at run time)
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly, progress, to_stdout
from muspeaker.sound.files import check_is_not, check_path
from muspeaker.sound.recording import PROMPT_ADVICE
from muspeaker.sound.writers import ALL_FORMATS
from muspeaker.voice import SUFFIX


def clone(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    recording: Annotated[Path, typer.Argument(help=f"Sound file of one speaker, {PROMPT_ADVICE}.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Voice file. Default: RECORDING.voice.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the voice. Default: the file name.")
    ] = None,
    consent: Annotated[
        str, typer.Option(help="Who agreed to the cloning, when and to what. Kept in the file.")
    ] = "",
    language: Annotated[
        str | None,
        typer.Option(
            help="Language tag such as en-gb that the voice reads where none is asked for. "
            "Default: the model's first language."
        ),
    ] = None,
    refine: Annotated[
        bool,
        typer.Option(
            "--refine", help="Let the voice learn the recording: more alike, and slower to make."
        ),
    ] = False,
    denoise: Annotated[
        bool,
        typer.Option("--denoise", help="Take steady noise down: cleaner, and a little less alike."),
    ] = False,
    force: ForceOption = False,
    model: ModelOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Make a voice file from a recording. Ask whose voice it is first."""
    with failing_cleanly():
        path = output or unnamed(Path(f"{recording.stem}{SUFFIX}"), force=force)
        check_path(path)
        check_is_not(path, recording, model)
        if path.suffix.lower() in ALL_FORMATS:
            raise ValueError(f"a voice is no sound: expected {path.stem}{SUFFIX}, got {path.name}")
        with progress("learning the voice" if refine else "cloning"):
            tts = muspeaker.load(model, num_threads=threads)
            voice = tts.clone(
                recording,
                name=name,
                consent=consent,
                language=language,
                refine=refine,
                denoise=denoise,
            )
        voice.save(path)
        to_stdout().print(f"{path}: voice {voice.name!r}", markup=False)
