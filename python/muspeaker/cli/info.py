"""`muspeaker info`: what is in a model file or a voice file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated, Any

import typer
from rich.table import Table

import muspeaker
from muspeaker.cli.speech_options import JsonOption  # noqa: TC001 (typer reads it at run time)
from muspeaker.cli.terminal import failing_cleanly, print_json, to_stdout
from muspeaker.loading import DEFAULT_MODEL
from muspeaker.voice import SUFFIX, VOICES_FOLDER, is_voice_file

SHOWN = frozenset(
    {"audio.sample_rate", "vocoder.kind"}
)  # of the sizes, which have a part's name before a dot


def info(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Model or voice file, or a voice that ships. Default: the model that ships."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every size of a model, not only what it is.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is in a model file or a voice file."""
    with failing_cleanly():
        path = _voice_that_ships(file) or file or DEFAULT_MODEL
        about = about_voice(path) if is_voice_file(path) else about_model(path)
        if as_json:
            print_json(about)
            return
        table = Table(title=f"muspeaker {muspeaker.__version__}", show_header=False)
        for key, value in about.items():
            if "." in key and key not in SHOWN and not everything:
                continue
            shown = f"{value:,}" if key in {"bytes", "parameters"} else str(value)
            table.add_row(key, f"{len(value)} symbols" if key == "symbols" else shown)
        to_stdout().print(table)


def _voice_that_ships(file: Path | None) -> Path | None:
    """The file of a built-in voice, where its name is given and no file has that name."""
    if file is None or file.exists() or str(file) not in muspeaker.Voice.builtin_names():
        return None
    return VOICES_FOLDER / f"{file}{SUFFIX}"


def about_voice(path: Path) -> dict[str, Any]:
    """Contents of a voice file."""
    voice = muspeaker.Voice.load(path)
    return {
        "kind": "voice",
        "file": str(path),
        "bytes": path.stat().st_size,
        "name": voice.name,
        "model": voice.fingerprint,
        "consent": voice.consent or "(no note)",
        "language": voice.language or "(the model's first)",
        "vector": len(voice.vector),
        "style_frames": len(voice.style),
        "refined": "no" if voice.changes is None else "yes",
    }


def about_model(path: Path) -> dict[str, Any]:
    """Header and size of a model file, once it has loaded."""
    tts = muspeaker.load(path, num_threads=1)
    about = {"kind": "model", "file": str(path), "bytes": path.stat().st_size}
    return about | {"parameters": tts.num_parameters} | tts.config
