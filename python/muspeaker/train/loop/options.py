"""The options of every stage as dataclasses, and the command line that they define."""

from __future__ import annotations

import argparse
import json
import types
import typing
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from muspeaker.config import ModelConfig, base, config_from_dict, lite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Options = TypeVar("Options")
MODELS = {"lite": lite, "base": base}


def option(default: Any, text: str) -> Any:
    """A field with a default, `--name` on the command line."""
    return field(default=default, metadata={"help": text})


def argument(text: str) -> Any:
    """A field without a default, given by its place on the command line."""
    return field(metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which sizes."""

    model: str = option("lite", "lite, base, or a JSON file of a model's sizes")
    set: tuple[str, ...] = option((), "change sizes, such as vocoder.initial_channels=64")


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ModelOptions):
    """What every stage that trains takes."""

    corpus: Path = argument("folder written by `muspeaker-train prepare`")
    out: Path = option(Path("runs/stage"), "folder of the checkpoint, the log and the samples")
    minutes: float | None = option(
        None, "budget of this run; with --steps, a pause of the schedule after so long"
    )
    steps: int | None = option(
        None, "the schedule ends at this step, whatever stops the run on the way"
    )
    pause: int | None = option(None, "stop after this step; the same command continues")
    save_minutes: float = option(5.0, "minutes between checkpoints")
    log_steps: int = option(50, "steps between lines of the log")
    rate: float = option(1e-3, "peak learning rate")
    clip: float = option(1.0, "largest norm of a gradient")
    precision: Literal["bf16", "f32"] = option("bf16", "precision of the networks' arithmetic")
    weights: tuple[str, ...] = option((), "change loss weights, such as adversarial=0")
    loaders: int = option(0, "processes that make batches; 0: the training process itself")
    threads: int = option(1, "threads of the CPU for each process")
    seed: int = option(0, "seed of the first weights and of all sampling")
    graphs: bool = option(
        default=False,
        text="on one GPU: record steps as CUDA graphs; every loss counts from the start",
    )
    deterministic: bool = option(
        default=False, text="refuse operations whose result may differ between runs (on a GPU)"
    )


def parse(
    kind: type[Options], arguments: Sequence[str] | None, prog: str, description: str | None
) -> Options:
    """Read a command line; ends the process with code 2 where it is wrong.

    Args:
        kind: The dataclass to fill; a field without a default is positional.
        arguments: The words of the command line; those of this process if None.
        prog: Name of the command in messages.
        description: First lines of `--help`.
    """
    summary = (description or "").split("\n\n", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog, description=summary)
    hints = get_type_hints(kind)
    for item in fields(kind):  # type: ignore[arg-type]  # always a dataclass
        _add(parser, item, hints[item.name])
    values = vars(parser.parse_args(arguments))
    return kind(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})


def _add(parser: argparse.ArgumentParser, item: Field[Any], hint: Any) -> None:
    settings: dict[str, Any] = {"help": item.metadata["help"].replace("%", "%%")}
    if get_origin(hint) in {types.UnionType, typing.Union}:
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    if hint is bool:
        settings["action"] = argparse.BooleanOptionalAction
    elif get_origin(hint) is Literal:
        settings["choices"] = get_args(hint)
    elif get_origin(hint) is tuple:
        settings |= {"nargs": "+", "type": get_args(hint)[0]}
    else:
        settings["type"] = hint
    if item.default is MISSING:
        parser.add_argument(item.name, **settings)
        return
    if item.default not in {None, ()} and hint is not bool:
        settings["help"] += f" (default: {_shown(item.default)})"
    parser.add_argument(f"--{item.name.replace('_', '-')}", default=item.default, **settings)


def _shown(default: Any) -> str:
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def model_config(options: ModelOptions) -> ModelConfig:
    """The sizes that the options ask for.

    Raises:
        ValueError: If the name, the file or a change is not understood; the text has the field.
        OSError: If the file cannot be read.
    """
    if options.model in MODELS:
        values = asdict(MODELS[options.model]())
    elif options.model.endswith(".json"):
        values = json.loads(Path(options.model).read_text(encoding="utf-8"))
    else:
        raise ValueError(f"--model {options.model}: expected lite, base or a .json file")
    for change in options.set:
        name, text = _split(change, "--set")
        *path, last = name.split(".")
        part = values
        for step in path:
            if not isinstance(part.get(step), dict):
                reason = f"--set {change}: a model has no part {step!r}"
                raise ValueError(reason)  # noqa: TRY004  (the user's word is wrong, not a type)
            part = part[step]
        try:
            part[last] = json.loads(text)
        except json.JSONDecodeError:
            part[last] = text
    return config_from_dict(values)


def loss_weights(table: Mapping[str, float], changes: Sequence[str]) -> dict[str, float]:
    """A table of loss weights with changes such as `adversarial=0`.

    Raises:
        ValueError: If a name is not in the table or a weight is not a number.
    """
    result = dict(table)
    for change in changes:
        name, text = _split(change, "--weights")
        if name not in table:
            raise ValueError(f"--weights {change}: expected one of {', '.join(table)}")
        try:
            result[name] = float(text)
        except ValueError as error:
            raise ValueError(f"--weights {change}: {text!r} is no number") from error
    return result


def _split(change: str, flag: str) -> tuple[str, str]:
    name, equals, text = change.partition("=")
    if not equals:
        raise ValueError(f"{flag} {change}: expected NAME=VALUE")
    return name, text
