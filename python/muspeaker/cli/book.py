"""Books on the command line: what `muspeaker say` does with a file that has chapters."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from muspeaker.book.contents import SUFFIXES, TEXT_SUFFIXES, read_book
from muspeaker.book.recorder import BookRecorder, pieces_of, spoken
from muspeaker.cli.outlets import STDOUT
from muspeaker.cli.terminal import to_stdout
from muspeaker.sound import subtitles as captions
from muspeaker.sound.files import write_whole
from muspeaker.sound.writers import WITH_CHAPTERS
from muspeaker.text.passages import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    from muspeaker.book.contents import Book
    from muspeaker.book.recorder import Recorded
    from muspeaker.cli.outlets import Outlets
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


def is_book_name(text: str | None) -> bool:
    """Whether a text is rather the name of a file that is to be read, such as `book.epub`."""
    if text is None or len(text) > 1000 or not text.lower().endswith(SUFFIXES):
        return False
    with suppress(OSError, ValueError):
        return Path(text).is_file()
    return False


def book_in(file: Path, output: Path | None) -> Book | None:
    """The book in a file; None if it is but a text, which is spoken in one go.

    Plain text is a book where it is longer than one text may be, or has several chapters and the output
    can mark them.
    """
    suffix = file.suffix.lower()
    if suffix in SUFFIXES and suffix not in TEXT_SUFFIXES:
        return read_book(file)
    if not file.is_file():
        return None
    marks_chapters = output is not None and output.suffix.lower() in WITH_CHAPTERS
    if not marks_chapters and file.stat().st_size <= MAX_TEXT_CHARACTERS:
        return None
    book = read_book(file)
    length = sum(len(chapter.text) for chapter in book.chapters)
    is_long = length > MAX_TEXT_CHARACTERS - 1000
    return book if is_long or (marks_chapters and len(book.chapters) > 1) else None


def say_book(
    book: Book,
    tts: Synthesizer,
    voice: Voice,
    out: Outlets,
    bit_rate: int | None,
    options: dict[str, Any],
) -> None:
    """Speak a book into a file, while it is heard if that is wanted; or into a pipe."""
    out.open(tts.sample_rate)
    total = sum(len(piece.text) for piece in pieces_of(book))
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("speaking", total=total)

        def heard(chunk: Audio | None, done: int) -> None:
            bar.update(task, completed=done)
            if chunk is not None:
                out.pass_on(chunk)

        if out.output is None or out.output == STDOUT:
            if not out.raw and out.output == STDOUT:
                raise typer.BadParameter("a book goes to standard output with --raw only")
            if out.subtitles is not None or out.as_json:
                raise typer.BadParameter("subtitles and --json of a book need a file: add --output")
            for chunk, done in spoken(book, tts, voice, options):
                heard(chunk, done)
            out.close()
            return
        recorder = BookRecorder(tts, voice, options, out.output, heard)
        try:
            recorded = recorder.record(book, bit_rate=bit_rate)
        except KeyboardInterrupt:
            typer.echo(f"stopped; the same command goes on from {recorder.folder}", err=True)
            raise typer.Exit(1) from None
    out.close()
    _report(book, recorded, out, voice.name)


def _report(book: Book, recorded: Recorded, out: Outlets, voice: str) -> None:
    """Write the subtitles, and say what was written."""
    if out.subtitles is not None:
        cues = captions.cues(recorded.words, recorded.seconds)
        is_srt = out.subtitles.suffix.lower() == ".srt"
        text = captions.to_srt(cues) if is_srt else captions.to_vtt(cues)
        write_whole(out.subtitles, text.encode())
    if out.as_json:
        chapters = [
            {"title": c.text, "start": round(c.start, 4), "end": round(c.end, 4)}
            for c in recorded.chapters
        ]
        report: dict[str, Any] = {"file": str(out.output), "voice": voice, "title": book.title}
        report |= {"seconds": round(recorded.seconds, 4), "chapters": chapters}
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        return
    minutes, seconds = divmod(round(recorded.seconds), 60)
    count = len(recorded.chapters)
    chapters_text = f"{count} chapter{'s' if count > 1 else ''}"
    to_stdout().print(f"{out.output}: {minutes} min {seconds} s, {chapters_text}", markup=False)
