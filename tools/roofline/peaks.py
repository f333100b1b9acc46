"""Build and run `peaks.cpp`: what one core can do at most."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("peaks.cpp")
FLAGS = ("-std=c++17", "-O3", "-march=native", "-ffp-contract=fast", "-Wno-psabi")


def measure_peaks() -> dict[str, float]:
    """Rates of one core in units a second, by CPU time.

    Raises:
        FileNotFoundError: If there is no C++ compiler.
        RuntimeError: If the probe does not build or run.
    """
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        raise FileNotFoundError("no C++ compiler: expected g++ or c++ on the PATH, or CXX")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peaks"
        for command in ([compiler, *FLAGS, str(SOURCE), "-o", str(program)], [str(program)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"the probe of peaks failed: {done.stderr.strip()[-500:]}")
    peaks: dict[str, float] = json.loads(done.stdout)
    return peaks
