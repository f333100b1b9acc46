"""The options of every command that speaks, made from what `muspeaker.options` says of them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from muspeaker.options import OPTIONS, STYLES, SynthesisOptions
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Command = TypeVar("Command", bound="Callable[..., None]")


def _complete_voice(incomplete: str) -> list[str]:
    return [name for name in Voice.builtin_names() if name.startswith(incomplete)]


def _complete_style(incomplete: str) -> list[str]:
    return [name for name in STYLES if name.startswith(incomplete)] + _complete_voice(incomplete)


VoiceOption = Annotated[
    str | None,
    typer.Option(
        help="Voice file, recording to clone, or built-in name.", autocompletion=_complete_voice
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the file of the default name if it is there.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def speech_option(name: str) -> Any:
    """The option of the command line for one of `OPTIONS`: its help, and its range."""
    about = OPTIONS[name]
    if isinstance(about.default, bool):
        flag = name.replace("_", "-")
        named = f"--{flag}/--no-{flag}" if about.default else f"--{flag}"
        return typer.Option(named, help=about.help)
    complete = _complete_style if name == "style" else None
    return typer.Option(help=about.help, min=about.low, max=about.high, autocompletion=complete)


def files_of(options: Mapping[str, Any]) -> tuple[str | Path | None, ...]:
    """What may be files among the options of speech."""
    return options.get("style"), options.get("lexicon")


def takes_speech_options(names: Iterable[str] = OPTIONS) -> Callable[[Command], Command]:
    """Give a command that ends with `**options` an option of the command line for each name.

    A voice is given by its name or path, as a str; a lexicon by its path.
    """
    hints = get_type_hints(SynthesisOptions) | {"style": str | None, "lexicon": Path | None}
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=OPTIONS[name].default,
            annotation=Annotated[hints[name], speech_option(name)],
        )
        for name in names
    ]

    def with_options(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = list(signature.parameters.values())[:-1]  # all but **options
        command.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]  # typer reads it
        return command

    return with_options
