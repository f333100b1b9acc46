"""A process that speaks one sentence loads no more than that takes: time and memory of small machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import muspeaker
from muspeaker.cli import COMMANDS

SOURCES = str(Path(muspeaker.__file__).parents[1])
SPEAK = """
import json, sys
import numpy
before = set(sys.modules)
import muspeaker
next(muspeaker.load(num_threads=1).stream("Hello there."))
json.dump(sorted(set(sys.modules) - before), sys.stdout)
"""
SAY = """
import json, sys
from muspeaker.cli import main
sys.argv = ["muspeaker", "say", "Hello there.", "-o", sys.argv[1]]
try:
    main()
except SystemExit as end:
    assert end.code == 0
print()
json.dump(sorted(sys.modules), sys.stdout)
"""
# Networks, threads of Python's own, metadata of packages, sound files, and what only some callers need.
NOT_NEEDED = {
    "asyncio",
    "concurrent",
    "decimal",
    "difflib",
    "email",
    "fractions",
    "hashlib",
    "hmac",
    "html",
    "importlib.metadata",
    "logging",
    "muspeaker.dialogue",
    "muspeaker.editing",
    "muspeaker.many",
    "rich",
    "secrets",
    "soundfile",
    "soxr",
    "ssl",
    "subprocess",
    "tempfile",
    "typer",
    "xml",
}
MOST_MODULES = 130  # beside those of NumPy
# What other commands bring with them.
NOT_SAID = {"asyncio", "muspeaker.batch", "muspeaker.bench", "muspeaker.dialogue", "muspeaker.serve", "ssl"}  # fmt: skip


def loaded_by(code: str, *arguments: str) -> list[str]:
    """The modules that a new process prints on its last line."""
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    modules: list[str] = json.loads(told.splitlines()[-1])
    return modules


def test_one_sentence_loads_only_what_it_needs() -> None:
    loaded = loaded_by(SPEAK)
    assert NOT_NEEDED.intersection(loaded) == set()
    assert len(loaded) <= MOST_MODULES


def test_a_command_loads_no_other(tmp_path: Path) -> None:
    loaded = loaded_by(SAY, str(tmp_path / "a.wav"))
    others = {f"muspeaker.cli.{name}" for name in COMMANDS} - {"muspeaker.cli.say"}
    assert (others | NOT_SAID).intersection(loaded) == set()
