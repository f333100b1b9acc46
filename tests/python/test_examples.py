"""Every example in the README and in docs/ runs, with the model that ships.

The Python and shell blocks of a page run in their order, in one empty folder with a few recordings.
A block that cannot run here has a line before it that says why, which shows among the skipped tests:

    <!-- example: skip, it needs a microphone -->
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON, SHELL = {"python", "py"}, {"bash", "console", "sh", "shell"}
PROGRAMS = {"muspeaker", "echo", "cat", "printf", "ls"}  # what a shell example may run
TIMEOUT_SECONDS = 300

_FENCE = re.compile(
    r"(?:^[ ]*<!--\s*example:\s*skip,\s*(?P<reason>.+?)\s*-->\s*\n\s*)?"
    r"^(?P<indent>[ ]*)```(?P<language>[\w-]+)[^\n]*\n(?P<body>.*?)^(?P=indent)```",
    re.DOTALL | re.MULTILINE,
)
_SHELL_SYNTAX = re.compile(r"[|<>&;$*`]")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    body: str
    reason: str | None  # not to run it

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path, text: str) -> list[Block]:
    """The blocks of a page that a reader may run."""
    found = []
    for match in _FENCE.finditer(text):
        if match["language"] in PYTHON | SHELL:
            line = text.count("\n", 0, match.start("language")) + 1
            body = inspect.cleandoc("\n" + match["body"])
            found.append(Block(page, line, match["language"], body, match["reason"]))
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page, page.read_text("utf-8"))]


@dataclass
class Session:
    """One reader's folder and Python variables."""

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__example__"})
    done: set[Block] = field(default_factory=set)

    def run(self, block: Block) -> None:
        if block in self.done:
            return
        self.done.add(block)
        if block.language in PYTHON:
            self._run_python(block)
        else:
            self._run_shell(block)

    def _run_python(self, block: Block) -> None:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        body = "\n" * block.line + block.body  # so that a traceback shows the page's line
        code = compile(body, str(block.page), "exec", flags=flags, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, self.names))
        else:
            exec(code, self.names)  # noqa: S102 (examples of this repository)

    def _run_shell(self, block: Block) -> None:
        commands = commands_of(block.body)
        for command in commands:
            for part in re.split(r"\|\|?|&&|;", command):
                program = shlex.split(part, comments=True)[0]
                assert program in PROGRAMS, (
                    f"{block.place}: no example may run {program!r} here; say why before the block: "
                    "<!-- example: skip, REASON -->"
                )
        for command in commands:
            if _SHELL_SYNTAX.search(re.sub(r"'[^']*'|\"[^\"$`]*\"", "", command)):
                self._run_bash(command)
                continue
            words = shlex.split(command, comments=True)
            if words[0] != "muspeaker":
                self._run_bash(command)
                continue
            result = CliRunner().invoke(app, words[1:])
            assert result.exit_code == 0, f"{command}\n{result.output}\n{result.stderr}"

    def _run_bash(self, command: str) -> None:
        programs = self.folder / ".programs"
        programs.mkdir(exist_ok=True)
        shim = programs / "muspeaker"
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m muspeaker "$@"\n')
        shim.chmod(0o755)
        environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(muspeaker.__file__).parents[1]),
        }
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            check=True, cwd=self.folder, env=environment, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip


def commands_of(body: str) -> list[str]:
    """The commands of a shell block; in one with prompts, only the lines after a prompt."""
    lines = re.sub(r"\\\n\s*", "", body).splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an example finds in its folder: two recordings, a voice made of each, and a text."""
    folder = tmp_path_factory.mktemp("recordings")
    tts = muspeaker.load(num_threads=1)
    builtin = muspeaker.Voice.builtin()
    for names, pitch in ((("reference", "anna"), 0.0), (("bert", "source"), -3.0)):
        speech = tts.synthesize("The birch canoe slid on the smooth planks.", builtin, pitch=pitch)
        voice = tts.clone(speech, name=names[0])
        for name in names:
            speech.save(folder / f"{name}.wav")
            voice.save(folder / f"{name}.voice")
    (folder / "chapter.txt").write_text("It was late. Nobody spoke.\n\nThen the door opened.\n")
    return folder


@pytest.fixture(scope="module")
def sessions() -> dict[Path, Session]:
    return {}


@pytest.fixture
def session(
    request: pytest.FixtureRequest,
    recordings: Path,
    sessions: dict[Path, Session],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Session:
    """The reader of the block's page, who has run the blocks before it."""
    page = request.node.callspec.params["block"].page
    if page not in sessions:
        folder = tmp_path_factory.mktemp(page.stem)
        shutil.copytree(recordings, folder, dirs_exist_ok=True)
        sessions[page] = Session(folder)
    monkeypatch.chdir(sessions[page].folder)
    monkeypatch.setenv("MUSPEAKER_DATA", str(sessions[page].folder))
    return sessions[page]


@pytest.mark.parametrize("block", [pytest.param(b, id=b.place) for b in BLOCKS])
def test_example(block: Block, request: pytest.FixtureRequest) -> None:
    if block.reason is not None:
        pytest.skip(f"{block.place}: {block.reason}")
    session: Session = request.getfixturevalue("session")
    for earlier in BLOCKS:
        if earlier.page == block.page and earlier.reason is None and earlier.line <= block.line:
            session.run(earlier)


def test_there_are_examples() -> None:
    run = [block for block in BLOCKS if block.reason is None]
    assert len(run) >= 10
    assert {"README.md", "clone.md", "control.md"} <= {block.page.name for block in run}


def test_blocks_are_found_and_failures_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with a good, a marked, a broken and a forbidden block."""
    monkeypatch.chdir(tmp_path)
    fence = "```"
    text = f"""
{fence}python
x = 1
{fence}

<!-- example: skip, it needs a microphone -->
{fence}bash
arecord
{fence}

- in a list

    {fence}python
    assert x == 2
    {fence}

{fence}console
$ muspeaker info no.bin
error: …
{fence}

{fence}bash
curl localhost
{fence}

{fence}text
not run
{fence}
"""
    good, marked, broken, failing, forbidden = blocks_of(ROOT / "docs" / "x.md", text)
    session = Session(tmp_path)
    session.run(good)
    assert marked.reason == "it needs a microphone"
    for block, error in ((broken, AssertionError), (failing, AssertionError)):
        with pytest.raises(error):
            session.run(block)
    with pytest.raises(AssertionError, match="may run 'curl' here"):
        session.run(forbidden)
