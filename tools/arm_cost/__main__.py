"""`python -m tools.arm_cost --root ROOT`: count a second of speech on three cores, project it, and write the page.

ROOT is what `SYMBOLS=1 .ci/aarch64 FOLDER` leaves in FOLDER/root: a Debian for ARM with the package. It needs QEMU's
`qemu-aarch64` with plug-ins (Debian: qemu-user, for qemu-user-static has none), a C compiler, `nm` for ARM
(g++-aarch64-linux-gnu), and LLVM's `llvm-mca` and `llvm-mc`, of version 17 or newer (Debian 12: llvm-19).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.arm_cost.blocks import Block, read_blocks, read_symbols
from tools.arm_cost.page import write_page
from tools.arm_cost.projection import BOARDS, cycles

ROOT = Path(__file__).parents[2]
PLUGIN = Path(__file__).with_name("count_blocks.c")
PATHS = {
    "cortex-a72": "neon",
    "cortex-a76": "neon_dotprod",
    "max": "neon_i8mm",
}
MOST_FUNCTIONS = 12  # that are listed


def measure(options: argparse.Namespace, processor: str, folder: Path) -> dict[str, Any]:
    """Instructions of one processor for a second of speech, by kind and by function."""
    plugin, counted = folder / "count_blocks.so", folder / f"{processor}.txt"
    if not plugin.exists():
        compiler = ["cc", "-O2", "-shared", "-fPIC", "-o", str(plugin), str(PLUGIN)]
        subprocess.run(compiler, check=True)
    command = [options.qemu, "-cpu", processor, "-L", str(options.root)]
    command += ["-plugin", f"{plugin},out={counted}", str(options.root / "venv/bin/python3")]
    command += [str(Path(__file__).with_name("speak.py"))]
    environment = os.environ | {"MUSPEAKER_CPU_ISA": PATHS[processor], "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return summary(options, processor, list(read_blocks(counted)), json.loads(told))


def summary(
    options: argparse.Namespace, processor: str, blocks: list[Block], spoken: dict[str, Any]
) -> dict[str, Any]:
    """What the record keeps of one processor: figures for a second of speech, in millions."""
    (module,) = options.root.glob("venv/lib/*/site-packages/muspeaker/_core.*.so")
    symbols = read_symbols(module, spoken["libraries"])
    kinds: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for block in blocks:
        kinds += block.kinds
        functions[symbols.name_of(block.address)] += block.instructions
    seconds = spoken["seconds"]
    models = sorted({board.model for board in BOARDS if board.counted == processor})
    listed = dict(functions.most_common(MOST_FUNCTIONS))
    return {
        "processor": processor,
        "kernels": PATHS[processor],
        "resident_megabytes": round(spoken["resident_bytes"] / 1e6, 1),
        "millions": round(sum(kinds.values()) / seconds / 1e6, 2),
        "kinds": {kind: round(count / seconds / 1e6, 2) for kind, count in kinds.most_common()},
        "functions": {name: round(count / seconds / 1e6, 2) for name, count in listed.items()},
        "cycles": {
            model: round(cycles(blocks, model, options.llvm) / seconds / 1e6, 2) for model in models
        },
    }


def main() -> int:
    """Command line; 0, or 1 with a reason."""
    parser = argparse.ArgumentParser(prog="python -m tools.arm_cost", description=__doc__)
    parser.add_argument("--root", type=Path, help="folder of a Debian for ARM, with the package")
    parser.add_argument("--qemu", default="qemu-aarch64", help="QEMU, with plug-ins")
    parser.add_argument("--llvm", default="llvm-", help="start of the names of LLVM's tools")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "bench" / "arm")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "raspberry-pi.md")
    options = parser.parse_args()
    try:
        if options.root is not None:
            print(measure_all(options))
        records = sorted(
            options.folder.glob("*.json"), key=lambda path: json.loads(path.read_text())["date"]
        )
        write_page(options.page, json.loads(records[-1].read_text()), BOARDS)
    except (OSError, ValueError, IndexError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def measure_all(options: argparse.Namespace) -> Path:
    """Count on every processor and keep a record of this commit; returns its path."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=7", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        measured = [measure(options, processor, Path(folder)) for processor in PATHS]
    record = {
        "commit": commit,
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        "counted": measured,
    }
    options.folder.mkdir(parents=True, exist_ok=True)
    path: Path = options.folder / f"{commit}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
