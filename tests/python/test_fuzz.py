"""The fuzzers run; CI gives them more time."""

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
    seeds = list((ROOT / "tests" / "fuzz" / "seeds").iterdir())
    assert f"{len(seeds)} seeds" in done.stdout
    for outcome in ("a_voice: ValueError", "a_recording works", "a_text works"):
        assert outcome in done.stdout


def test_damaged_models_speak_or_are_refused() -> None:
    model = ROOT / "tests" / "golden" / "v2-q8.bin"
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "fuzz" / "mutate_model.py", model, "--trials", "60"],
        env=os.environ | {"PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "spoke" in done.stdout
    assert "loaded" in done.stdout
