"""Commands that need an extra say which, and refuse what they cannot serve before they start."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import muspeaker.serve
from muspeaker.cli import app
from muspeaker.text.respelling import UserLexicon

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("command", "package"), [("wyoming", "wyoming.audio"), ("demo", "gradio"), ("demo", "uvicorn")]
)
def test_a_missing_extra_is_named(
    command: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = f"muspeaker.serve.{command}"  # another test may have imported it
    for module in [name for name in sys.modules if name.split(".")[:3] == home.split(".")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr(muspeaker.serve, command, raising=False)
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails
    result = CliRunner().invoke(app, [command, "--model", "no-such-file"])  # else it would serve
    assert result.exit_code == 1
    assert f"pip install 'muspeaker[{command}]'" in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--uri", "http://127.0.0.1:80"), "tcp://"),
        (("--uri", "tcp://127.0.0.1"), "port"),
        (("--voice", "nobody"), "unknown voice 'nobody'"),
        (("--style", "nobody"), "unknown voice 'nobody'"),
        (("--data", "no-such-folder"), "voice folder 'no-such-folder' does not exist"),
        (("--model", "no-such-file"), "no-such-file"),
        (("--uri", "unix:///socket", "--zeroconf", "me"), "only a tcp:// server"),
    ],
)
def test_wyoming_refuses_before_it_serves(args: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["wyoming", *args])
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output
    # nothing is left that would end this process later, with a status that says all is well
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.cancel()
    assert not timers


def test_wyoming_passes_its_options_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    class Service:
        def __init__(self, _tts: object, _voices: object, **options: object) -> None:
            given.update(options)
            raise ValueError("seen")

    monkeypatch.setattr("muspeaker.serve.wyoming.service.WyomingService", Service)
    words = tmp_path / "words.tsv"
    words.write_text("gnu\tnew\n")
    args = [
        "--lexicon",
        str(words),
        "--speed",
        "1.5",
        "--pitch",
        "-2",
        "--pause",
        "0.4",
        "--volume",
        "0.7",
        "--style",
        "calm",
        "--expression",
        "0.8",
        "--seed",
        "5",
        "--variation",
        "0.6",
    ]
    result = CliRunner().invoke(app, ["wyoming", *args])
    assert "seen" in result.stderr
    assert isinstance(given.pop("lexicon"), UserLexicon)
    marked = {"watermark": True, "payload": 0}
    manner = {"style": "calm", "expression": 0.8, "seed": 5, "variation": 0.6}
    assert given == {"speed": 1.5, "pitch": -2.0, "pause": 0.4, "volume": 0.7} | manner | marked
    assert CliRunner().invoke(app, ["wyoming", "--pause", "11"]).exit_code == 2


@pytest.mark.parametrize("command", ["serve", "demo", "wyoming", "quantize"])
def test_the_help_names_the_extra(command: str) -> None:
    for flag in ("--help", "-h"):
        shown = " ".join(CliRunner().invoke(app, [command, flag]).output.split())
        assert f"muspeaker[{command}]" in shown


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("say", "Hello", "there."), 'in quotation marks: muspeaker say "Hello there."'),
        (("say", "--", "-5", "degrees"), 'in quotation marks: muspeaker say "Hello there."'),
        (("say", "-5 degrees"), 'comes after two: muspeaker say -- "-5 degrees"'),
    ],
)
def test_a_refusal_says_what_was_probably_meant(args: tuple[str, ...], hint: str) -> None:
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.replace("│", " ").split())


def test_a_hint_is_a_sentence_of_its_own() -> None:
    result = CliRunner().invoke(app, ["say", "Hello", "there"])
    shown = " ".join(result.stderr.replace("│", " ").split())
    assert "extra argument(s) (there). Put the text" in shown


def test_an_unknown_option_has_no_hint_of_a_dash() -> None:
    result = CliRunner().invoke(app, ["say", "Hi.", "--no-such"])
    assert result.exit_code == 2
    assert "dash" not in result.stderr


def test_the_manual_page_has_every_command_and_option() -> None:
    page = CliRunner().invoke(app, ["manual"]).output
    assert page.startswith('.TH MUSPEAKER 1 "" "muspeaker ')
    plain = page.replace("\\-", "-")
    for command in app.registered_commands:
        assert f".SS muspeaker {command.callback.__name__}" in plain
    for wanted in ("\\fB--output, -o", "muspeaker[serve]", "[overlap 0.4s]", "\\fB--stereo\\fR\n"):
        assert wanted in plain.replace("\\fR, \\fB", ", ")


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_man_has_no_complaint_about_the_page(tmp_path: Path) -> None:
    (tmp_path / "muspeaker.1").write_text(CliRunner().invoke(app, ["manual"]).output)
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(tmp_path / "muspeaker.1")]
    shown = subprocess.run(command, capture_output=True, check=True, text=True)
    assert shown.stderr == ""
    assert "Speak a text into a sound file" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("--style ca", {"calm"}), ("--style l", {"lively"}), ("--voice ca", set())],
)
def test_the_shell_completes_styles(typed: str, offered: set[str]) -> None:
    words = f"muspeaker wyoming {typed}"
    environment = {"_MUSPEAKER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    result = CliRunner().invoke(app, [], prog_name="muspeaker", env=environment)
    assert set(result.output.split()) == offered
