"""The state of all stages as small files that can be kept with the code: averaged weights in float16.

`save` writes one file for each stage, `restore` turns them into checkpoints that the stages resume from. The
optimizers start anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from muspeaker.train.checkpoint import load_checkpoint, save_checkpoint

SUFFIX = ".snapshot"
WEIGHTS = {"align": "aligner", "timbre": "encoder", "acoustic": "model", "vocoder": "generator"}
FILES = {"align": "aligner.pt"}
ALONG = ("discriminator", "margin")


def _cast(state: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}


def save(runs: Path, folder: Path) -> list[Path]:
    """Write a snapshot of every stage that has a checkpoint under `runs`; returns the files."""
    written = []
    for stage, name in WEIGHTS.items():
        path = runs / stage / FILES.get(stage, f"{stage}.pt")
        if not path.exists():
            continue
        state = load_checkpoint(path)
        small: dict[str, Any] = {"step": state["step"]}
        small[name] = _cast(state.get("ema", state[name]), torch.float16)
        small |= {key: _cast(state[key], torch.float16) for key in ALONG if key in state}
        written.append(folder / f"{stage}{SUFFIX}")
        save_checkpoint(written[-1], small)
    return written


def restore(folder: Path, runs: Path) -> list[Path]:
    """Write a checkpoint under `runs` for every snapshot in `folder`; returns the files.

    Raises:
        FileExistsError: If a checkpoint is there already.
    """
    written = []
    for stage, name in WEIGHTS.items():
        source = folder / f"{stage}{SUFFIX}"
        if not source.exists():
            continue
        path = runs / stage / FILES.get(stage, f"{stage}.pt")
        if path.exists():
            raise FileExistsError(f"{path} is there already; move it away first")
        state = load_checkpoint(source)
        grown = {
            key: _cast(value, torch.float32) if isinstance(value, dict) else value
            for key, value in state.items()
        }
        if stage != "align":
            grown["ema"] = grown[name]
        save_checkpoint(path, grown)
        written.append(path)
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("save", "restore"))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--folder", type=Path, default=Path("checkpoints"))
    options = parser.parse_args()
    if options.verb == "save":
        save(options.runs, options.folder)
    else:
        restore(options.folder, options.runs)


if __name__ == "__main__":
    main()
