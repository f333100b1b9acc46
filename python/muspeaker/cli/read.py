"""`muspeaker read`: how a text is read, without speaking it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import TYPE_CHECKING, Annotated, Any

import typer

import muspeaker
from muspeaker.cli.say import read_text
from muspeaker.cli.speech_options import JsonOption, takes_speech_options
from muspeaker.cli.terminal import failing_cleanly, print_json, to_stdout

if TYPE_CHECKING:
    from muspeaker.reading import Utterance

FILE_HELP = "Text file to read."


@takes_speech_options(("lexicon", "phonemes", "ssml", "skip_unreadable", "emoji"))
def read(
    text: Annotated[
        str | None,
        typer.Argument(help="Text to read. Without it, or with -, standard input is read."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help=FILE_HELP)] = None,
    language: Annotated[str, typer.Option(help="Language tag such as en-us or en-gb.")] = "en-us",
    as_json: JsonOption = False,
    **options: Any,
) -> None:
    """Show the words and the phones of a text as they are said.

    A line of words and one of phones for each utterance; with --json also every word with its place in the
    text, and the seconds of silence around the utterances.
    """
    with failing_cleanly():
        found = muspeaker.read(
            read_text(text, file),
            language=language,
            **options,
        )
        if as_json:
            print_json({"utterances": [_as_json(utterance) for utterance in found]})
            return
        for utterance in found:
            to_stdout().print(utterance.text, markup=False, highlight=False)
            to_stdout().print(f"  {utterance.phones}", markup=False, highlight=False)


def _as_json(utterance: Utterance) -> dict[str, object]:
    return {
        "text": utterance.text,
        "phones": utterance.phones,
        "silence_before": round(utterance.silence_before, 4),
        "silence_after": round(utterance.silence_after, 4),
        "words": [asdict(word) for word in utterance.words],
    }
