"""`muspeaker say`: speak a text, into a file, a pipe or the sound card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import muspeaker
from muspeaker.cli.book import book_in, is_book_name, say_book
from muspeaker.cli.outlets import DEFAULT_OUTPUT, STDOUT, Outlets
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
from muspeaker.options import STYLES
from muspeaker.sound.writers import MAX_BIT_RATE, MIN_BIT_RATE, check_bit_rate
from muspeaker.text.encodings import decoded

if TYPE_CHECKING:
    from rich.progress import Progress

    from muspeaker.stream import SpeechStream


OUTPUT_HELP = (
    f"Sound file. Its suffix is the format; - is WAV to stdout. Default: {DEFAULT_OUTPUT}."
)
FILE_HELP = "File to speak: text, Markdown, a web page (.html) or a book (.epub)."
BIT_RATE_HELP = "Bits per second of .mp3, .opus, .m4a and .m4b. Default: 64000 for a book."
RAW_HELP = "Headerless 16-bit little-endian mono samples, as they are spoken, to stdout or -o."


@takes_speech_options()
def say(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    text: Annotated[
        str | None,
        typer.Argument(
            help="Text to speak, or a file as for --file. Without it, or with -, standard input is read."
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help=FILE_HELP)] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    raw: Annotated[bool, typer.Option("--raw", help=RAW_HELP)] = False,
    play: Annotated[bool, typer.Option("--play", help="Play on the sound card.")] = False,
    subtitles: Annotated[
        Path | None, typer.Option(help="Subtitle file to write too: .srt or .vtt.")
    ] = None,
    bit_rate: Annotated[
        int | None, typer.Option(min=MIN_BIT_RATE, max=MAX_BIT_RATE, help=BIT_RATE_HELP)
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    **options: Any,
) -> None:
    """Speak a text into a sound file, a pipe, or the sound card.

    The words and phones that --json prints have their start and end in seconds. A book is spoken
    chapter by chapter; stopped, the same command goes on where it was.
    """
    with failing_cleanly():
        if file is None and is_book_name(text):
            text, file = None, Path(str(text))
        out = Outlets.chosen(
            output,
            subtitles,
            raw=raw,
            play=play,
            as_json=as_json,
            force=force,
            sources=(file, voice, model, *files_of(options)),
        )
        check_bit_rate(
            bit_rate, ".wav" if out.output in {None, STDOUT} else out.output.suffix.lower()
        )
        out.bit_rate = bit_rate
        book = book_in(file, out.output) if file is not None and text is None else None
        written = "" if book is not None else read_text(text, file)
        with progress("loading") as bar:
            tts = muspeaker.load(model, num_threads=threads)
            speaker = tts.voice(voice)
            if book is not None:
                if options["style"] is not None and options["style"] not in STYLES:
                    options["style"] = tts.voice(options["style"])
                bar.stop()
                say_book(book, tts, speaker, out, bit_rate, options)
                return
            stream = tts.stream(written, speaker, **options)
            out.open(tts.sample_rate)
            speak(stream, out, bar)
        out.finish(speaker.name)


def speak(stream: SpeechStream, out: Outlets, bar: Progress) -> None:
    """Pass every chunk on, and show the progress."""
    task = bar.task_ids[0]
    bar.update(task, total=max(1, stream.num_words))
    seconds = 0.0
    for chunk in stream:
        out.write(chunk)
        seconds += chunk.duration
        bar.update(task, description=f"speaking, {seconds:.0f} s of speech")
        bar.advance(task, len(chunk.words))


def read_text(text: str | None, file: Path | None) -> str:
    """Read the text from the argument, the file or standard input.

    Raises:
        typer.BadParameter: If there is none, or it is given twice.
        ValueError: If its bytes are neither UTF-8 nor UTF-16.
    """
    if text is not None and file is not None:
        raise typer.BadParameter("give the text as an argument or as --file, not both")
    if file is not None:
        return decoded(file.read_bytes(), f"text file {str(file)!r}")
    if text is not None and text != "-":
        return text
    nothing = typer.BadParameter("no text: give it as an argument, as --file or by a pipe")
    if text is None and sys.stdin.isatty():
        raise nothing
    piped = decoded(sys.stdin.buffer.read(), "standard input")
    if text is None and not piped.strip():
        raise nothing
    return piped
