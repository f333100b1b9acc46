"""`muspeaker manual`: the manual page, made from what every command says of itself."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 (typer reads it at run time)

import muspeaker

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = {
    "0": "Success.",
    "1": "Failure. One line on standard error says why.",
    "2": "Wrong usage.",
}
VARIABLES = {
    "MUSPEAKER_TOKEN": "Bearer token that `muspeaker serve` asks for.",
    "MUSPEAKER_DATA": "Folder of the voices of servers.",
    "MUSPEAKER_CPU_ISA": "Instruction set of the engine, such as `scalar`. Default: the best of the machine.",
}


def manual(context: typer.Context) -> None:
    """Print the manual page. To read it: muspeaker manual | man -l -"""  # noqa: D415 (a command ends it)
    root: Any = context.find_root().command
    sys.stdout.write("\n".join(page(root)) + "\n")


def page(root: Any) -> Iterator[str]:
    """Lines of the page in troff's man macros (man-pages(7)).

    Args:
        root: The group of commands.
    """
    yield f'.TH MUSPEAKER 1 "" "muspeaker {muspeaker.__version__}" "User Commands"'
    yield from (".SH NAME", "muspeaker \\- " + _plain(inspect.getdoc(root.callback) or root.help))
    yield from (".SH SYNOPSIS", ".B muspeaker", ".I COMMAND", "[\\fIOPTION\\fR]...")
    yield ".SH COMMANDS"
    for name, command in root.commands.items():
        taken = [p for p in command.params if not p.opts[0].startswith("-")]
        yield " ".join([".SS muspeaker", name, *(f"\\fI{_metavar(p)}\\fR" for p in taken)])
        yield from _paragraphs(inspect.getdoc(command.callback) or "")
        for parameter in command.params:
            yield from _described(parameter)
    yield from _table(".SH EXIT STATUS", STATUS)
    yield from _table(".SH ENVIRONMENT", VARIABLES)


def _described(parameter: Any) -> Iterator[str]:
    """One option or argument."""
    names = [name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-")]
    shown = ", ".join(f"\\fB{_plain(name)}\\fR" for name in names)
    if not names:
        shown = f"\\fI{_metavar(parameter)}\\fR"
    elif not getattr(parameter, "is_flag", False):
        shown += f" \\fI{_metavar(parameter)}\\fR"
    yield from (".TP", shown, _plain(getattr(parameter, "help", None) or ""))


def _metavar(parameter: Any) -> str:
    return _plain(parameter.metavar or parameter.name.upper())


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield _plain(paragraph)


def _table(heading: str, rows: dict[str, str]) -> Iterator[str]:
    yield heading
    for name, text in rows.items():
        yield from (".TP", f"\\fB{_plain(name)}\\fR", _plain(text))


def _plain(text: str) -> str:
    """Text on one line that troff takes for no command."""
    text = " ".join(text.split())
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
