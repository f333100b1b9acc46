"""`muspeaker detect`: whether a recording is marked as this program's speech."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated

import typer

import muspeaker
from muspeaker.cli.speech_options import JsonOption  # noqa: TC001 (typer reads it at run time)
from muspeaker.cli.terminal import failing_cleanly, print_json, progress, to_stdout


def detect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Sound files.")],
    as_json: JsonOption = False,
) -> None:
    """Tell whether recordings hold speech that this program made and marked.

    The score says by how many standard deviations the mark stands out; from 5.75 on there is one. No mark is no
    proof that a person spoke.
    """
    with failing_cleanly():
        found = {}
        for file in files:
            with progress("listening"):
                found[str(file)] = muspeaker.detect(file)
        if as_json:
            print_json([{"file": name} | asdict(detection) for name, detection in found.items()])
            return
        for name, detection in found.items():
            carried = "" if detection.payload is None else f", payload {detection.payload}"
            said = f"marked{carried}" if detection.marked else "no mark"
            to_stdout().print(f"{name}: {said}, score {detection.score:.1f}", markup=False)
