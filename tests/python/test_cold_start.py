"""A process that speaks one sentence loads no more than that takes: time and memory of small machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import muspeaker

SOURCES = str(Path(muspeaker.__file__).parents[1])
SPEAK = """
import json, sys
import numpy
before = set(sys.modules)
import muspeaker
next(muspeaker.load(num_threads=1).stream("Hello there."))
json.dump(sorted(set(sys.modules) - before), sys.stdout)
"""
# Networks, threads of Python's own, metadata of packages, and what only some callers need.
NOT_NEEDED = {
    "asyncio",
    "concurrent",
    "decimal",
    "email",
    "fractions",
    "hmac",
    "importlib.metadata",
    "rich",
    "secrets",
    "ssl",
    "typer",
    "xml",
}
MOST_MODULES = 190  # beside those of NumPy


def test_one_sentence_loads_only_what_it_needs() -> None:
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    command = [sys.executable, "-c", SPEAK]
    told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    loaded = json.loads(told)
    assert NOT_NEEDED.intersection(loaded) == set()
    assert len(loaded) <= MOST_MODULES
