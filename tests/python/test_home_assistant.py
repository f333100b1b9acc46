"""The add-on folder: its settings are those of `muspeaker wyoming`, and its script starts it."""

from __future__ import annotations

import importlib.util
import json
import re
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from muspeaker.cli import app
from muspeaker.options import OPTIONS, STYLES
from muspeaker.text.respelling import UserLexicon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "packaging" / "home-assistant"
CONFIG = yaml.safe_load((FOLDER / "config.yaml").read_text())


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("addon_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def supervisor() -> Iterator[tuple[str, list[tuple[str, str, Any]]]]:
    """Address of a supervisor, and the requests that it got: path, authorization, body."""
    requests: list[tuple[str, str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    thread.join()
    server.server_close()


def test_ranges_are_those_of_the_options() -> None:
    schema = CONFIG["schema"]
    for name in ("speed", "pitch", "expression", "variation", "pause", "volume"):
        low, high = re.fullmatch(r"float\((.+),(.+)\)\??", schema[name]).groups()
        assert (float(low), float(high)) == (OPTIONS[name].low, OPTIONS[name].high)
        assert CONFIG["options"].get(name) == OPTIONS[name].default
    assert CONFIG["options"].keys() <= schema.keys()
    assert CONFIG["options"]["seed"] == OPTIONS["seed"].default
    assert schema["style"] == f"list({'|'.join(STYLES)})?"


def test_every_setting_has_a_name_in_every_language() -> None:
    for path in (FOLDER / "translations").glob("*.yaml"):
        words = yaml.safe_load(path.read_text())
        assert words["configuration"].keys() == CONFIG["schema"].keys(), path.name
        assert all(
            word.keys() == {"name", "description"} for word in words["configuration"].values()
        )


def test_it_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert CONFIG["version"] == version
    assert f"BUILD_VERSION={version}\n" in (FOLDER / "Dockerfile").read_text()
    assert yaml.safe_load((FOLDER / "build.yaml").read_text())["build_from"].keys() == {
        *CONFIG["arch"]
    }


def test_defaults_and_all_options_are_a_command_line_that_works(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, object]] = []

    class Service:
        def __init__(self, _tts: object, _voices: object, **options: object) -> None:
            given.append(options)
            raise ValueError("seen")

    monkeypatch.setattr("muspeaker.serve.wyoming.service.WyomingService", Service)
    plain = script.arguments(CONFIG["options"], tmp_path / "none")
    assert "--data" not in plain
    assert "--threads" not in plain
    chosen = {"voice": "kathleen", "speed": 0.9, "pitch": -1, "pause": 0, "volume": 0.5}
    chosen |= {"style": "calm", "expression": 0.5, "seed": 3, "variation": 0}
    full = script.arguments(chosen | {"threads": 1, "verbose": True}, tmp_path)
    assert full[-3:] == ["--data", str(tmp_path), "--verbose"]
    (tmp_path / "lexicon.tsv").write_text("gnu\tnew\n")
    with_words = script.arguments(chosen, tmp_path)
    assert with_words[-2:] == ["--lexicon", str(tmp_path / "lexicon.tsv")]
    for command in (plain, full, with_words):
        assert command[0] == "muspeaker"
        assert "seen" in CliRunner().invoke(app, command[1:]).stderr
    assert isinstance(given[2].pop("lexicon"), UserLexicon)
    marked = {"watermark": True, "payload": 0}
    usual = {"style": None, "expression": 1.0, "seed": 0, "variation": 0.4} | marked
    usual |= {"speed": 1.0, "pitch": 0.0, "pause": None, "volume": 1.0}
    asked = {name: chosen[name] for name in chosen if name != "voice"} | marked
    assert given == [usual | {"lexicon": None}, asked | {"lexicon": None}, asked]


def test_home_assistant_is_told_and_the_server_started(
    script: ModuleType,
    supervisor: tuple[str, list[tuple[str, str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, requests = supervisor
    started: list[list[str]] = []
    (tmp_path / "options.json").write_text(json.dumps(CONFIG["options"]))
    monkeypatch.setattr(script, "OPTIONS", tmp_path / "options.json")
    monkeypatch.setattr(script, "SUPERVISOR", address)
    monkeypatch.setattr(script.socket, "gethostname", lambda: "local-muspeaker")
    monkeypatch.setattr(script.os, "execvp", lambda _, command: started.append(command))
    monkeypatch.setenv("SUPERVISOR_TOKEN", "secret")
    script.main()
    config = {"uri": "tcp://local-muspeaker:10200"}
    assert requests == [("/discovery", "Bearer secret", {"service": "wyoming", "config": config})]
    monkeypatch.setattr(script, "SUPERVISOR", "http://127.0.0.1:9")
    script.main()  # without anyone to tell
    assert len(started) == 2
    assert started[0][:4] == ["muspeaker", "wyoming", "--uri", "tcp://0.0.0.0:10200"]
