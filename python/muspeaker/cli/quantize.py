"""`muspeaker quantize`: a smaller model file from a larger one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated

import typer

from muspeaker.cli.terminal import failing_cleanly, progress, to_stdout
from muspeaker.quantize import quantize_file
from muspeaker.sound.files import check_is_not


class WeightType(StrEnum):
    """Weight types that a file can be stored as."""

    F16 = "f16"
    Q8 = "q8"


def quantize(
    model: Annotated[Path, typer.Argument(help="Model file of type f32 or f16.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")],
    weight_type: Annotated[
        WeightType, typer.Option("--type", help="Type of the stored weights.")
    ] = WeightType.Q8,
) -> None:
    """Store the weights of a model file in fewer bits; needs muspeaker[quantize], not PyTorch."""
    with failing_cleanly():
        check_is_not(output, model)
        before = model.stat().st_size if model.is_file() else 0
        with progress("quantizing"):
            quantize_file(model, output, weight_type.value)
        sizes = f"{output.stat().st_size / 1e6:.2f} MB, was {before / 1e6:.2f} MB"
        to_stdout().print(f"{output}: {weight_type.value}, {sizes}", markup=False)
