"""`muspeaker serve` as a process: it starts, says where, stops when asked, and says what is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import openai
import pytest
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.serve.openai.store import VoiceStore
from muspeaker.voice import DEFAULT_NAME
from tests.serving import CONSENT, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

TEXT = "Glue the sheet to the dark blue background. It is easy to tell the depth of a well. " * 2
SOURCES = str(Path(muspeaker.__file__).parents[1])


@contextmanager
def serve(
    folder: Path, *options: str, start: tuple[str, str] = ("-m", "muspeaker")
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the address it tells."""
    command = [
        sys.executable,
        *start,
        "serve",
        "--port",
        "0",
        "--threads",
        "1",
        *options,
    ]
    variables = os.environ | {"PYTHONPATH": SOURCES, "MUSPEAKER_DATA": str(folder)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables) as server:
        assert server.stderr is not None
        try:
            for line in server.stderr:
                if found := re.search(r"running on (http://[^ ]+)", line):
                    yield server, found[1]
                    return
            raise AssertionError(f"it ended with {server.wait()}")
        finally:
            server.kill()


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return muspeaker.load(num_threads=1).synthesize(TEXT, muspeaker.Voice.builtin()).samples


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_finishes_what_it_says(
    tmp_path: Path, expected: np.ndarray, number: int
) -> None:
    with serve(tmp_path / "new" / "data") as (server, address):
        with (
            openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client,
            client.audio.speech.with_streaming_response.create(
                model="any", voice=DEFAULT_NAME, input=TEXT, response_format="wav"
            ) as response,
        ):
            chunks = response.iter_bytes()
            data = next(chunks)
            server.send_signal(number)
            data += b"".join(chunks)
        assert server.wait(60) == 0
    assert np.array_equal(np.frombuffer(data[44:], "<i2"), np.rint(expected * 32767))
    assert (tmp_path / "new" / "data" / "voices.sqlite3").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_waits_for_no_stuck_work(tmp_path: Path, number: int) -> None:
    """A thread inside a call cannot be stopped; the process ends in spite of it."""
    stuck = (
        "import threading; from muspeaker.tts import Synthesizer; from muspeaker.cli import main; "
    )
    stuck += "Synthesizer.stream = lambda *_, **__: threading.Event().wait(); main()"
    with serve(tmp_path, start=("-c", stuck)) as (server, address):
        body = b'{"input": "Hi.", "voice": "kathleen"}'
        head = (
            f"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        )
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            wait_until(lambda: running_requests(address) == 1)
            server.send_signal(number)
            assert server.wait(60) == 0


def running_requests(address: str) -> float:
    with urlopen(f"{address}/metrics") as answer:
        return float(
            re.search(r"^muspeaker_running_requests (\S+)", answer.read().decode(), re.MULTILINE)[1]
        )


@pytest.fixture
def run(tts: Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command on the fake engine; gives what it did and what uvicorn was told."""
    served: list[Any] = []
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.setattr("uvicorn.Server.run", lambda server: served.append(server.config))
    monkeypatch.setenv("MUSPEAKER_DATA", str(tmp_path / "data"))

    def invoke(*options: str) -> tuple[Any, list[Any]]:
        return CliRunner().invoke(app, ["serve", *options]), served

    handler = signal.getsignal(signal.SIGTERM)
    yield invoke
    signal.signal(signal.SIGTERM, handler)


def test_options_reach_the_server(run: Any, tmp_path: Path) -> None:
    result, (config,) = run(
        *("--host", "0.0.0.0", "--port", "0", "--token", "s3same", "--max-upload", "3"),
        *("--max-running", "2", "--max-waiting", "0", "--max-characters", "99", "--voice", "nova"),
        *("--allow-host", "speech.example", "--allow-origin", "https://page.example"),
    )
    assert result.exit_code == 0, result.output
    settings = config.app.state.service.settings
    assert (settings.token, settings.data_folder) == ("s3same", tmp_path / "data")
    assert (settings.max_upload_bytes, settings.max_characters) == (3 * 1024 * 1024, 99)
    assert (settings.max_running, settings.max_waiting) == (2, 0)
    assert settings.default_voice == "nova"
    assert (settings.hosts, settings.origins) == (("speech.example",), ("https://page.example",))
    assert config.http.max_connections <= settings.max_connections
    assert "s3same" not in repr(settings)
    assert "anyone" not in result.stderr


def test_the_engine_speaks_before_the_first_request(
    run: Any, tts: Synthesizer, voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which warms it; a model that cannot speak is no server."""
    VoiceStore(tmp_path / "data", max_voices=1).add(voice, "anna", CONSENT)
    said: list[str] = []
    monkeypatch.setattr(tts, "synthesize", lambda text, *_: said.append(text))
    result, served = run()
    assert (result.exit_code, len(served), said) == (0, 1, ["a"])
    monkeypatch.setattr(tts, "synthesize", lambda *_: said.index("never said"))
    result, served = run()
    assert (result.exit_code, len(served)) == (1, 1)
    assert "the model does not speak" in result.stderr


def test_an_open_door_is_pointed_out(run: Any) -> None:
    result, _ = run("--host", "0.0.0.0")
    assert "anyone who reaches this address may use the server" in result.stderr
    assert "anyone" not in run("--host", "::1")[0].stderr


def test_a_default_voice_that_does_not_work_is_pointed_out(run: Any) -> None:
    assert "was made by model" in run()[0].stderr
    assert "no voice 'nobody'" in run("--voice", "nobody")[0].stderr


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--port", "65536"), 2, "--port"),
        (("--max-running", "0"), 2, "--max-running"),
        (("--token", " "), 1, "token is empty"),
        (("--data", "/dev/null/x"), 1, "/dev/null/x"),
    ],
)
def test_bad_options(run: Any, options: tuple[str, ...], code: int, words: str) -> None:
    result, served = run(*options)
    assert result.exit_code == code
    assert words in result.stderr
    assert not served


def test_a_missing_extra_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "muspeaker.serve.openai.app", raising=False)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    result, served = run()
    assert result.exit_code == 1
    assert "pip install 'muspeaker[serve]'" in result.stderr
    assert not served


def test_a_taken_port_fails(tmp_path: Path) -> None:
    with serve(tmp_path) as (_, address):
        port = address.rpartition(":")[2]
        command = [sys.executable, "-m", "muspeaker", "serve", "--port", port]
        variables = os.environ | {"PYTHONPATH": SOURCES, "MUSPEAKER_DATA": str(tmp_path)}
        done = subprocess.run(
            command, stderr=subprocess.PIPE, text=True, env=variables, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "address already in use" in done.stderr
