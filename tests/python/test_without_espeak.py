"""English is read and spoken by a process that cannot import espeak-ng, nor what needs it.

`.ci/run` runs more of the tests so: `python -m pytest -p tests.without_espeak`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import muspeaker
from tests import without_espeak

PYTHON = Path(muspeaker.__file__).parents[1]  # the tree, or where it is installed
TEXT = "Dr. Zxqvy read 12 records on May 3, at 7:30 AM."
SAID = "doctor zxqvy read twelve records on may third, at seven thirty a m."


def run(*arguments: str, text: str = "") -> str:
    """What Python writes in a process where espeak-ng is not installed."""
    hidden = f"import sys; sys.modules.update(dict.fromkeys({without_espeak.HIDDEN!r}));"
    done = subprocess.run(
        [sys.executable, "-c", hidden + arguments[0], *arguments[1:]],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=50,
        env={**os.environ, "PYTHONPATH": str(PYTHON)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_english_is_read() -> None:
    script = "import muspeaker; print(muspeaker.read(sys.argv[1])[0].text)"
    assert run(script, TEXT).strip().lower() == SAID


def test_english_is_spoken_by_the_shipped_model() -> None:
    script = (
        "import muspeaker; audio = muspeaker.load(num_threads=1).synthesize(sys.argv[1]);"
        "print(audio.duration, *(word.written for word in audio.words))"
    )
    duration, *words = run(script, TEXT).split()
    assert 2 < float(duration) < 12
    assert words[:3] == ["Dr.", "Zxqvy", "read"]


def test_the_command_line_reads() -> None:
    script = "from muspeaker.cli import main; sys.argv = ['muspeaker', *sys.argv[1:]]; main()"
    utterances = json.loads(run(script, "read", "--json", "-", text=TEXT))["utterances"]
    assert utterances[0]["text"].lower() == SAID


@pytest.mark.parametrize("name", without_espeak.HIDDEN)
def test_what_is_hidden_cannot_be_imported(name: str) -> None:
    script = f"""
try:
    import {name}
except ImportError:
    print("hidden")
"""
    assert run("exec(sys.argv[1])", script).strip() == "hidden"
