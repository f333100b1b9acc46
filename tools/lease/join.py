"""Verb `join`: parts that came back into the checkpoint of their stage."""

from __future__ import annotations

import argparse
from pathlib import Path

from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint
from tools.lease import state


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb.

    Raises:
        PartError: If parts are missing or damaged.
        ValueError: If the checkpoint that is there has come further, and --force is not given.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.lease join", description=__doc__)
    parser.add_argument("parts", type=Path, help="folder that train filled")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--force", action="store_true", help="replace a checkpoint of more steps")
    options = parser.parse_args(arguments)
    names = sorted({path.name.rsplit(".", 1)[0] for path in options.parts.glob("*.*-of-*")})
    if not names:
        raise state.PartError(f"{options.parts} holds no parts of a checkpoint")
    for name in names:
        joined = state.grow(state.join(options.parts, name))
        target = options.runs / Path(name).stem / name
        if target.exists() and not options.force:
            step = load_checkpoint(target)["step"]
            if step >= joined["step"]:
                raise ValueError(
                    f"{target} is at step {step}, the parts are at {joined['step']}; --force replaces it"
                )
        save_checkpoint(target, joined)
        print(f"{target}: step {joined['step']}")
