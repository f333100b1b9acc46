"""The fuzzer of voices, recordings and texts runs; CI gives it more time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import muspeaker

ROOT = Path(__file__).parents[2]
SOURCES = str(Path(muspeaker.__file__).parents[1])


def test_damaged_inputs_work_or_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "fuzz" / "mutate_inputs.py", "--seconds", "3"],
        env=os.environ | {"PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for outcome in ("a_voice: ValueError", "a_recording works", "a_text works"):
        assert outcome in done.stdout
