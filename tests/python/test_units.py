"""The units for systemd start commands that exist, with options that these have, and may write to their data alone."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from muspeaker.cli import app
from muspeaker.cli.manual import VARIABLES

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "packaging").glob("*.service"))
PAGES = {"muspeaker-serve": "serve.md", "muspeaker-wyoming": "home-assistant.md"}


def read(path: Path) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # capitals count
    unit.read(path)
    return unit


def test_both_servers_have_a_unit() -> None:
    assert [unit.stem for unit in UNITS] == sorted(PAGES)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_that_exists(path: Path) -> None:
    service = read(path)["Service"]
    program, name, *arguments = shlex.split(service["ExecStart"])
    assert program == "/opt/muspeaker/bin/muspeaker"
    assert path.stem == f"muspeaker-{name}"
    group: Any = typer.main.get_command(app)
    command = group.commands[name]
    context = command.make_context(name, arguments)
    assert context.params.get("port", 8000) == 8000
    variable, _, folder = service["Environment"].partition("=")
    assert variable in VARIABLES
    assert folder.startswith("/var/lib/muspeaker")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_confined(path: Path) -> None:
    service = read(path)["Service"]
    assert service["ProtectSystem"] == "strict"
    for name in ("ProtectHome", "PrivateTmp", "PrivateDevices", "NoNewPrivileges"):
        assert service[name] == "yes", name
    assert service.get("DynamicUser") == "yes" or service["User"] == "muspeaker"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_documented(path: Path) -> None:
    page = (ROOT / "docs" / PAGES[path.stem]).read_text()
    assert f"packaging/{path.name}" in page
    assert f"systemctl enable --now {path.stem}" in page
    assert f"systemctl enable --now {path.stem}" in path.read_text()


def test_a_server_for_every_network_asks_for_a_token() -> None:
    service = read(ROOT / "packaging/muspeaker-serve.service")["Service"]
    assert "0.0.0.0" in service["ExecStart"]
    assert not service["EnvironmentFile"].startswith("-")  # which would do without the file
