"""Shared by all commands: output, errors, finding models and voices."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import warnings
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

PROMPT_WARNING = "the recording "  # how each PromptWarning begins; its class would cost an import


def to_stdout() -> Console:
    """A console on standard output, made now so that tests can capture it."""
    return Console(highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a value as one line of JSON, its letters as they are where the terminal has them all."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_utf8) + "\n")


def show_any_letter() -> None:
    """Let standard output and error write what their encoding lacks as an escape, and not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def failing_cleanly() -> Iterator[None]:
    """Turn an expected error into one line on standard error and exit code 1; tell what is wrong with a prompt."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("always", PROMPT_WARNING)
            warnings.showwarning = _show_warning  # type: ignore[assignment]  # a function for a function
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


def _show_warning(message: Warning | str, *_: object) -> None:
    warn(str(message))


def warn(message: str) -> None:
    """Print a warning on standard error."""
    Console(stderr=True, soft_wrap=True).print(f"warning: {message}", markup=False, style="yellow")


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
