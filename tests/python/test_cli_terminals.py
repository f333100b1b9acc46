"""Terminals that do not speak UTF-8, as in containers and on old systems."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import muspeaker

SOURCES = str(Path(muspeaker.__file__).parents[1])
NAME = "Zoë 你好 \U0001f600"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kathleen = muspeaker.Voice.builtin()
    voice = muspeaker.Voice(
        kathleen.vector,
        kathleen.style,
        name=NAME,
        fingerprint=kathleen.fingerprint,
        embedding=kathleen.embedding,
    )
    voice.save(tmp_path / "zoë.voice")
    return tmp_path


def run(encoding: str, *command: str) -> str:
    variables = {"PYTHONPATH": SOURCES, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "muspeaker", *command],
        env=os.environ | variables,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_is_json(folder: Path, encoding: str) -> None:
    *_, listed = json.loads(run(encoding, "voices", str(folder), "--json"))
    assert listed["name"] == NAME
    about = json.loads(run(encoding, "info", str(folder / "zoë.voice"), "--json"))
    assert (about["name"], about["file"]) == (NAME, str(folder / "zoë.voice"))
    say = ("say", "Hi.", "--voice", str(folder / "zoë.voice"), "-o", str(folder / "é.wav"))
    spoken = json.loads(run(encoding, *say, "--json"))
    assert (spoken["voice"], spoken["file"]) == (NAME, str(folder / "é.wav"))
    assert (NAME in run(encoding, "voices", str(folder), "--json")) == (encoding == "utf-8")


def test_what_a_terminal_cannot_show_is_no_failure(folder: Path) -> None:
    assert "Zo\\xeb" in run("ascii", "voices", str(folder))
    assert "Zo\\xeb" in run("ascii", "info", str(folder / "zoë.voice"))
    assert "z\\xe9.wav" in run("ascii", "say", "Hi.", "-o", str(folder / "zé.wav"))
