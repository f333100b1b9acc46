"""The command `muspeaker`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

import muspeaker
from muspeaker.cli.hints import HintingCommand, add_command
from muspeaker.cli.terminal import show_any_letter, to_stdout

if TYPE_CHECKING:
    from collections.abc import Iterable

    app: typer.Typer

# The commands, in the order of the help. Each is the function of that name in the module of that name.
COMMANDS = (
    "say", "dialogue", "batch", "clone", "convert", "edit", "read", "detect", "info", "bench", "quantize", "voices",
    "serve", "wyoming", "demo", "manual",
)  # fmt: skip
_OF_ALL = "manual"  # tells of every command


def app_of(names: Iterable[str]) -> typer.Typer:
    """The command line with some of the commands; importing all of them would take longer than a sentence."""
    made = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    made.callback()(options)
    for name in names:
        command = getattr(import_module(f"{__name__}.{name}"), name)
        add_command(made, command, HintingCommand if name == "say" else None)
    return made


def _show_version(asked: bool) -> None:
    if asked:
        to_stdout().print(f"muspeaker {muspeaker.__version__}", markup=False)
        raise typer.Exit


def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Speak a text in any voice, from a few seconds of it."""


def main() -> None:
    """Run the command line; exits with 0, 1 (failed) or 2 (bad usage)."""
    show_any_letter()
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    app_of([asked] if asked in COMMANDS and asked != _OF_ALL else COMMANDS)()


def __getattr__(name: str) -> Any:
    """`app`, with all commands."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["app"] = made = app_of(COMMANDS)
    return made
