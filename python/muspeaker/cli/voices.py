"""`muspeaker voices`: the voices that ship, and those in a folder."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated, Any

import typer
from rich.table import Table

import muspeaker
from muspeaker.cli.speech_options import JsonOption  # noqa: TC001 (typer reads it at run time)
from muspeaker.cli.terminal import failing_cleanly, print_json, to_stdout
from muspeaker.voice import DEFAULT_NAME, SUFFIX, VOICES_FOLDER, check_name


def voices(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of voice files to list too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the built-in voices, and the voice files of a folder."""
    with failing_cleanly():
        found = [about(VOICES_FOLDER / f"{n}{SUFFIX}", n) for n in muspeaker.Voice.builtin_names()]
        if folder is not None:
            if not folder.is_dir():
                raise FileNotFoundError(f"no folder {str(folder)!r}")
            found += about_folder(folder)
        if not found:
            raise FileNotFoundError("no voice ships with this build")
        if as_json:
            print_json(found)
            return
        table = Table("voice", "name", "model", "consent", box=None, pad_edge=False)
        for voice in found:
            mark = " (default)" if voice["voice"] == DEFAULT_NAME else ""
            row = (voice["voice"] + mark, voice["name"], voice["model"], voice["consent"])
            table.add_row(*row)
        to_stdout().print(table)


def about_folder(folder: Path) -> list[dict[str, Any]]:
    """The voices of a folder; a file that is none is named on standard error."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            check_name(path)
            found.append(about(path, str(path)))
        except (OSError, ValueError, TypeError) as error:
            typer.echo(f"skipped: {error}", err=True)
    return found


def about(path: Path, called: str) -> dict[str, Any]:
    """One voice, and what to give to --voice."""
    voice = muspeaker.Voice.load(path)
    return {
        "voice": called,
        "name": voice.name,
        "model": voice.fingerprint,
        "consent": voice.consent or "(no note)",
    }
