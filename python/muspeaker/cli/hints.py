"""Commands whose help shows what it says, and whose refusals say what was probably meant."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Callable

QUOTE = 'Put the text in quotation marks: muspeaker {} "Hello there."'
DASH = 'A text that begins with a dash comes after two: muspeaker {} -- "-5 degrees"'
# Of click, which newer versions of typer bring with them under another name.
UsageError: type[Any] = typer.BadParameter.__mro__[1]


class HintingCommand(TyperCommand):
    """A command that takes a text, of which shells and options make something else."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; a refusal has a hint."""
        end = args.index("--") if "--" in args else len(args)
        words = [word for word in args[:end] if not word.startswith("-")] + args[end + 1 :]
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            option = str(getattr(error, "option_name", None) or "")
            if option.startswith("-") and not option.startswith("--"):
                hint = DASH
            elif "unexpected extra argument" in error.message and len(words) > 1:
                hint = QUOTE
            else:
                raise
            message = f"{error.format_message().rstrip('.')}. {hint.format(self.name)}"
            raise UsageError(message, ctx) from error


def add_command(
    app: typer.Typer, command: Callable[..., Any], cls: type[TyperCommand] | None = None
) -> None:
    """Add a command with its docstring as help, in which rich takes `[serve]` for no style."""
    app.command(help=escape(inspect.getdoc(command) or ""), cls=cls)(command)
