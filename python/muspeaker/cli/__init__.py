"""The command `muspeaker`."""

from __future__ import annotations

import typer

from muspeaker.cli.bench import bench
from muspeaker.cli.clone import clone
from muspeaker.cli.convert import convert
from muspeaker.cli.demo import demo
from muspeaker.cli.info import info
from muspeaker.cli.quantize import quantize
from muspeaker.cli.say import say
from muspeaker.cli.serve import serve
from muspeaker.cli.voices import voices
from muspeaker.cli.wyoming import wyoming

app = typer.Typer(
    help="Speak a text in any voice, from a few seconds of it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(say)
app.command()(clone)
app.command()(convert)
app.command()(info)
app.command()(bench)
app.command()(quantize)
app.command()(voices)
app.command()(serve)
app.command()(wyoming)
app.command()(demo)


def main() -> None:
    """Run the command line; exits with 0, 1 (failed) or 2 (bad usage)."""
    app()
