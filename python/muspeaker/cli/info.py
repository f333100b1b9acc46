"""`muspeaker info`: what is in a model file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated

import typer
from rich.table import Table

import muspeaker
from muspeaker.cli.terminal import failing_cleanly, to_stdout
from muspeaker.tts import DEFAULT_MODEL


def info(
    model: Annotated[
        Path | None, typer.Argument(help="Model file; default: the one that ships.")
    ] = None,
) -> None:
    """Show the sizes and the origin of a model file."""
    with failing_cleanly():
        tts = muspeaker.load(model, num_threads=1)
        path = model or DEFAULT_MODEL
        table = Table(title=f"muspeaker {muspeaker.__version__}", show_header=False)
        table.add_row("file", str(path))
        table.add_row("bytes", f"{path.stat().st_size:,}")
        table.add_row("parameters", f"{tts.num_parameters:,}")
        for key, value in tts.config.items():
            shown = f"{len(value)} symbols" if key == "symbols" else str(value)
            table.add_row(key, shown)
        to_stdout().print(table)
