"""Verb `train`: unpack where the machine was borrowed, train one stage for some minutes, leave parts.

What follows `--` goes to the stage, such as `-- --batch 64`. Called again on the same machine it
continues from what is there. bf16 is what every stage computes in; CUDA is used where it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import torch

from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint
from tools.lease import corpus, state
from tools.lease.archive import find_members, read_member

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig

STAGES = ("teacher", "student", "vocoder", "timbre")
PART_BYTES = 16 * 1024 * 1024
MAX_PARTS = 8


def restore_checkpoints(archives: Path, work: Path) -> None:
    """Write work/<stage>/<stage>.pt for every checkpoint that was sent and is not there yet."""
    for name, path in find_members(archives).items():
        target = work / Path(name).stem / Path(name).name
        if name.startswith("checkpoints/") and not target.exists():
            save_checkpoint(target, state.grow(read_member(path, name)))


def stand_in_for_progress_bars() -> None:
    """Let the stages be imported where tqdm is not installed."""
    try:
        import_module("tqdm")
    except ImportError:
        module = ModuleType("tqdm")
        module.__spec__ = ModuleSpec("tqdm", None)  # PyTorch asks for it
        module.tqdm = lambda items, *_, **__: items  # type: ignore[attr-defined]
        sys.modules["tqdm"] = module


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the verb; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(prog="python -m tools.lease train", description=__doc__)
    parser.add_argument("archives", type=Path, help="folder with every lease-*.zip")
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument(
        "--minutes", type=float, required=True, help="minutes of training; unpacking is extra"
    )
    parser.add_argument("--work", type=Path, default=Path("lease"), help="corpus and checkpoints")
    parser.add_argument(
        "--parts", type=Path, required=True, help="folder for what is to be taken home"
    )
    parser.add_argument("--part-bytes", type=int, default=PART_BYTES)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = sys.argv[2:] if arguments is None else arguments
    at = given.index("--") if "--" in given else len(given)
    options, extra = parser.parse_args(given[:at]), given[at + 1 :]
    started = time.monotonic()
    corpus.unpack(options.archives, options.work / "corpus", options.workers)
    restore_checkpoints(options.archives, options.work)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"unpacked in {time.monotonic() - started:.0f} s; training on {device}", flush=True)
    torch.backends.cudnn.benchmark = True
    stand_in_for_progress_bars()
    stage = import_module(f"muspeaker.train.stages.{options.stage}")
    checkpoint = options.work / options.stage / f"{options.stage}.pt"
    command = [str(options.work / "corpus"), "--out", str(checkpoint.parent)]
    command += ["--minutes", str(options.minutes), "--threads", str(min(8, options.workers))]
    if options.stage in {"teacher", "student"}:
        command += ["--timbre", str(options.work / "timbre" / "timbre.pt")]
    if options.stage == "student":
        command += ["--teacher", str(options.work / "teacher" / "teacher.pt")]
    try:
        stage.main([*command, *extra], config)
    finally:  # what was saved before a failure is taken home as well
        if checkpoint.exists():
            packed = state.shrink(load_checkpoint(checkpoint))
            for path in state.split(
                packed, options.parts, checkpoint.name, options.part_bytes, MAX_PARTS
            ):
                print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
