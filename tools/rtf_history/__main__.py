"""`python -m tools.rtf_history --run`: measure this commit, keep it, draw the history, write the tables.

With a file of `pytest tests/bench --benchmark-json FILE` instead of --run, nothing is measured again;
with neither, the picture is drawn from what is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.rtf_history.page import write_page
from tools.rtf_history.picture import draw
from tools.rtf_history.record import condense, load_all, save

ROOT = Path(__file__).parents[2]


def measure(path: Path) -> None:
    """Run tests/bench on one PyTorch thread.

    Raises:
        RuntimeError: If a benchmark fails.
    """
    command = [sys.executable, "-m", "pytest", "tests/bench", "-q", f"--benchmark-json={path}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise RuntimeError("a benchmark failed; see above")


def main() -> int:
    """Command line; 0, or 1 with a reason."""
    parser = argparse.ArgumentParser(prog="python -m tools.rtf_history", description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("measured", type=Path, nargs="?", help="file of pytest-benchmark")
    source.add_argument("--run", action="store_true", help="measure now, in a few minutes")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "bench")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "bench" / "history.png")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            measured = options.measured
            if options.run:
                measured = Path(folder) / "bench.json"
                measure(measured)
            if measured is not None:
                record = condense(json.loads(measured.read_text(encoding="utf-8")))
                print(save(record, options.folder))
                write_page(options.page, record)
        draw(load_all(options.folder), options.picture)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
