"""`muspeaker edit`: other words in a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import muspeaker
from muspeaker.cli.outlets import Outlets, unnamed
from muspeaker.cli.speech_options import ForceOption, JsonOption, takes_speech_options
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly, progress
from muspeaker.options import EditFields
from muspeaker.sound.recording import SOURCE_MAX_SECONDS, SOURCE_MIN_SECONDS, sample_bits
from muspeaker.sound.writers import CODINGS_BY_BITS

DEFAULT_OUTPUT = Path("edited.wav")
OUTPUT_HELP = (
    f"Sound file. Its suffix is the format; - is WAV to stdout. Default: {DEFAULT_OUTPUT}."
)
RECORDING_HELP = f"Sound file of one speaker, {SOURCE_MIN_SECONDS:g} to {SOURCE_MAX_SECONDS:g} s."


@takes_speech_options(EditFields.__annotations__)
def edit(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    recording: Annotated[Path, typer.Argument(help=RECORDING_HELP)],
    transcript: Annotated[str, typer.Option("--from", help="What it says, word by word.")],
    new_text: Annotated[str, typer.Option("--to", help="What it is to say.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    voice: Annotated[
        str | None, typer.Option(help="Voice of the speaker. Default: cloned from the recording.")
    ] = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    **options: Any,
) -> None:
    """Replace, insert or delete words in a recording, in its own voice.

    All the rest of it stays as it is, sample by sample. The words and phones that --json prints have their
    start and end in seconds. The options of speech are for the words that are new.
    """
    with failing_cleanly():
        output = output or unnamed(DEFAULT_OUTPUT, force=force)
        sources = () if force else (recording, voice, model)
        out = Outlets.chosen(output, None, raw=False, play=False, as_json=as_json, sources=sources)
        with progress("editing"):
            tts = muspeaker.load(model, num_threads=threads)
            audio = tts.edit(recording, transcript, new_text, voice, **options)
        bits = sample_bits(recording)
        known = CODINGS_BY_BITS.get(output.suffix.lower() or ".wav", {})
        out.bits = bits if bits in known else max(known, default=None)
        out.write(audio)
        out.finish(voice or "")
