"""Stage: the state of all stages as small files that can be kept with the code, weights in float16.

`save` writes one file for each stage, `restore` turns them into checkpoints that the stages resume from. The
optimizers start from zero, and `realign` finds its labels again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from muspeaker.train.loop.checkpoint import (
    AS_THEY_ARE,
    STAGE_WEIGHTS,
    load_checkpoint,
    save_checkpoint,
)
from muspeaker.train.loop.options import argument, option, parse

log = logging.getLogger(__name__)
SUFFIX = ".snapshot"
ALONG = ("discriminator", "margin")


@dataclass(frozen=True, kw_only=True)
class SnapshotOptions:
    """The command line."""

    verb: Literal["save", "restore"] = argument("save or restore")
    runs: Path = option(Path("runs"), "folder of the stages' folders")
    folder: Path = option(Path("checkpoints"), "folder of the snapshots")


def _cast(state: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}


def save(runs: Path, folder: Path) -> list[Path]:
    """Write a snapshot of every stage that has a checkpoint under `runs`; returns the files.

    Raises:
        FileNotFoundError: If none has one.
    """
    written = []
    for stage, name in STAGE_WEIGHTS.items():
        path = runs / stage / f"{stage}.pt"
        if not path.exists():
            continue
        state = load_checkpoint(path)
        small: dict[str, Any] = {key: state[key] for key in AS_THEY_ARE if key in state}
        small[name] = _cast(state.get("ema", state[name]), torch.float16)
        small |= {key: _cast(state[key], torch.float16) for key in ALONG if key in state}
        written.append(folder / f"{stage}{SUFFIX}")
        save_checkpoint(written[-1], small)
    if not written:
        raise FileNotFoundError(f"{runs} has no checkpoint of a stage, such as student/student.pt")
    return written


def restore(folder: Path, runs: Path) -> list[Path]:
    """Write a checkpoint under `runs` for every snapshot in `folder`; returns the files.

    Raises:
        FileExistsError: If a checkpoint is there already.
        FileNotFoundError: If the folder has no snapshot.
    """
    written = []
    for stage, name in STAGE_WEIGHTS.items():
        source = folder / f"{stage}{SUFFIX}"
        if not source.exists():
            continue
        path = runs / stage / f"{stage}.pt"
        if path.exists():
            raise FileExistsError(f"{path} is there already; move it away first")
        state = load_checkpoint(source)
        grown = {
            key: value if key in AS_THEY_ARE else _cast(value, torch.float32)
            for key, value in state.items()
        }
        grown["ema"] = grown[name]
        save_checkpoint(path, grown)
        written.append(path)
    if not written:
        raise FileNotFoundError(
            f"{folder} has no snapshot: a clone of the repository has them in `checkpoints`; "
            "name that folder with --folder"
        )
    return written


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    options = parse(SnapshotOptions, arguments, "muspeaker-train snapshot", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.verb == "save":
        written = save(options.runs, options.folder)
    else:
        written = restore(options.folder, options.runs)
    for path in written:
        log.info("%s", path)


if __name__ == "__main__":
    main()
