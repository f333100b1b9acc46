"""Shared by all commands: output, errors, finding models and voices."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from muspeaker.threads import DEFAULT_THREADS, MAX_THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator

ModelOption = Annotated[
    Path | None, typer.Option("--model", "-m", help="Model file. Default: the one that ships.")
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, max=MAX_THREADS, help=f"Threads. Default: {DEFAULT_THREADS}."),
]


def to_stdout() -> Console:
    """A console on standard output, made now so that tests can capture it."""
    return Console(highlight=False, soft_wrap=True)


@contextmanager
def failing_cleanly() -> Iterator[None]:
    """Turn an expected error into one line on standard error and exit code 1."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has gone
        with suppress(OSError, ValueError):  # else the interpreter fails to flush at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        message = f"error: {error}".encode("utf-8", "backslashreplace").decode()
        console.print(message, markup=False, style="red")
        raise typer.Exit(1) from error


@contextmanager
def progress(description: str) -> Iterator[Progress]:
    """A progress bar with the time on standard error if that is a terminal; it vanishes at the end.

    The bar pulses until the task has a total.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        bar.add_task(description, total=None)
        yield bar
