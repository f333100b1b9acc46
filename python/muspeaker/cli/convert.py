"""`muspeaker convert`: a recording in another voice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import muspeaker
from muspeaker.cli.outlets import Outlets, unnamed
from muspeaker.cli.speech_options import (
    ForceOption,
    JsonOption,
    VoiceOption,
    files_of,
    takes_speech_options,
)
from muspeaker.cli.terminal import (
    ModelOption,
    ThreadsOption,
    failing_cleanly,
    progress,
)
from muspeaker.options import ConversionFields
from muspeaker.sound.recording import SOURCE_MAX_SECONDS, SOURCE_MIN_SECONDS
from muspeaker.text.encodings import decoded

DEFAULT_OUTPUT = Path("converted.wav")
OUTPUT_HELP = (
    f"Sound file. Its suffix is the format; - is WAV to stdout. Default: {DEFAULT_OUTPUT}."
)
SOURCE_HELP = f"Sound file of one speaker, {SOURCE_MIN_SECONDS:g} to {SOURCE_MAX_SECONDS:g} s."


@takes_speech_options(ConversionFields.__annotations__)
def convert(
    source: Annotated[Path, typer.Argument(help=SOURCE_HELP)],
    text: Annotated[
        str,
        typer.Option(
            "--text", "-t", help="What the recording says, word by word; - reads standard input."
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    **options: Any,
) -> None:
    """Say again what a recording says, in another voice.

    The words and phones that --json prints have their start and end in seconds.
    """
    with failing_cleanly():
        output = output or unnamed(DEFAULT_OUTPUT, force=force)
        sources = () if force else (source, voice, model, *files_of(options))
        out = Outlets.chosen(output, None, raw=False, play=False, as_json=as_json, sources=sources)
        if text == "-":
            text = decoded(sys.stdin.buffer.read(), "standard input")
        with progress("converting"):
            tts = muspeaker.load(model, num_threads=threads)
            speaker = tts.voice(voice)
            audio = tts.convert(source, speaker, text, **options)
        out.write(audio)
        out.finish(speaker.name)
