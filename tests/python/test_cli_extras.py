"""Commands that need an extra say which, and refuse what they cannot serve before they start."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

import muspeaker.serve
from muspeaker.cli import app


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
