"""The command `muspeaker`."""

from __future__ import annotations

from typing import Annotated

import typer

import muspeaker
from muspeaker.cli.batch import batch
from muspeaker.cli.bench import bench
from muspeaker.cli.clone import clone
from muspeaker.cli.convert import convert
from muspeaker.cli.demo import demo
from muspeaker.cli.detect import detect
from muspeaker.cli.dialogue import dialogue
from muspeaker.cli.edit import edit
from muspeaker.cli.hints import HintingCommand, add_command
from muspeaker.cli.info import info
from muspeaker.cli.manual import manual
from muspeaker.cli.quantize import quantize
from muspeaker.cli.read import read
from muspeaker.cli.say import say
from muspeaker.cli.serve import serve
from muspeaker.cli.terminal import show_any_letter, to_stdout
from muspeaker.cli.voices import voices
from muspeaker.cli.wyoming import wyoming

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
add_command(app, say, HintingCommand)
for _command in (
    dialogue,
    batch,
    clone,
    convert,
    edit,
    read,
    detect,
    info,
    bench,
    quantize,
    voices,
    serve,
    wyoming,
    demo,
    manual,
):
    add_command(app, _command)


def _show_version(asked: bool) -> None:
    if asked:
        to_stdout().print(f"muspeaker {muspeaker.__version__}", markup=False)
        raise typer.Exit


@app.callback()
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
    app()
