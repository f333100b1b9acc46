"""Who may talk to a server, and for how long: host names, pages of other sites, and connections that only wait."""

from __future__ import annotations

import http.client
import logging
import re
import socket
import threading
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from muspeaker.serve.openai.app import create_app
from muspeaker.serve.openai.connections import BoundedConnection
from muspeaker.serve.openai.settings import Settings
from muspeaker.serve.openai.store import VoiceStore
from tests.held_speech import Held, opened
from tests.serving import (
    CONSENT,
    PATIENCE_SECONDS,
    SPEECH,
    VOICES,
    ask,
    running,
    serving,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import openai

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

PAGE = "https://page.example"
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@contextmanager
def served(tts: Synthesizer, tmp_path: Path, **settings: Any) -> Iterator[openai.OpenAI]:
    with serving(tts, Settings(data_folder=tmp_path / "data", **settings)) as client:
        yield client


def status(client: openai.OpenAI, method: str, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(client, method, path, b"--b--\r\n" if method == "POST" else None, named)[0]


# names


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("[::1].evil.example", 421),
        ("", 421),
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("localhost.", 200),
        ("127.0.0.1", 200),
        ("192.168.1.20:8000", 200),
        ("[::1]:8000", 200),
        (socket.gethostname(), 200),
    ],
)
def test_only_names_of_this_machine_are_answered(
    tts: Synthesizer, tmp_path: Path, host: str, expected: int
) -> None:
    """A page whose name was pointed at this machine (DNS rebinding) sends its own name."""
    with served(tts, tmp_path) as client:
        assert status(client, "GET", VOICES, Host=host) == expected
        assert status(client, "GET", "/health", Host=host) == expected


def test_further_names_are_a_setting(tts: Synthesizer, tmp_path: Path) -> None:
    with served(tts, tmp_path, hosts=("Speech.example",)) as client:
        assert status(client, "GET", VOICES, Host="speech.example:443") == 200
        assert status(client, "GET", VOICES, Host="other.example") == 421


def test_where_there_is_a_token_any_name_is_answered(tts: Synthesizer, tmp_path: Path) -> None:
    """Behind a proxy the name is the proxy's, and a page of another site does not know the token."""
    with served(tts, tmp_path, token="s3same") as client:
        assert status(client, "GET", VOICES, Host="any.example") == 401
    with served(tts, tmp_path, token="s3same", hosts=("speech.example",)) as client:
        assert status(client, "GET", VOICES, Host="any.example") == 421


# pages


@pytest.mark.parametrize(
    "origin", [PAGE, "null", "http://localhost:1", "https://page.example.evil.example"]
)
def test_no_page_may_ask_by_default(tts: Synthesizer, tmp_path: Path, origin: str) -> None:
    with served(tts, tmp_path) as client:
        assert status(client, "POST", VOICES, Origin=origin, **FORM) == 403
        assert status(client, "POST", VOICES, **FORM) == 422


def test_a_page_of_the_server_itself_may(tts: Synthesizer, tmp_path: Path) -> None:
    with served(tts, tmp_path) as client:
        own = str(client.base_url).removesuffix("/v1/")
        assert (
            status(client, "POST", VOICES, Origin=own, Sec_Fetch_Site="same-origin", **FORM) == 422
        )


def test_pages_that_may_are_a_setting(tts: Synthesizer, tmp_path: Path) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    asked |= {"Access-Control-Request-Headers": "authorization, content-type"}
    with served(tts, tmp_path, origins=(PAGE,), token="s3same") as client:
        address = urlsplit(str(client.base_url)).netloc
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_SECONDS)
        connection.request("OPTIONS", SPEECH, headers=asked)
        answer = connection.getresponse()
        connection.close()
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, PAGE)
        known = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Authorization": "Bearer s3same"}
        given, _, headers = ask(client, "POST", VOICES, b"--b--\r\n", FORM | known)
        assert (given, headers["access-control-allow-origin"]) == (422, PAGE)
        given, _, headers = ask(client, "POST", VOICES, b"--b--\r\n", FORM | {"Origin": PAGE})
        assert (given, headers["access-control-allow-origin"]) == (401, PAGE)
        other = known | {"Origin": "https://other.example"}
        given, _, headers = ask(client, "POST", VOICES, b"--b--\r\n", FORM | other)
        assert given == 403
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("origin", ["*", "page.example", "https://page.example/", "https://"])
def test_an_origin_is_written_as_browsers_write_it(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        Settings(data_folder=tmp_path, origins=(origin,))


# connections


def impatient(**limits: Any) -> type[BoundedConnection]:
    return type("Impatient", (BoundedConnection,), {"tick_seconds": 0.02, **limits})


@contextmanager
def bounded(tts: Synthesizer, tmp_path: Path, **limits: Any) -> Iterator[tuple[str, int]]:
    app = create_app(tts, Settings(data_folder=tmp_path / "data"))
    with running(app, http=impatient(**limits)) as address:
        place = urlsplit(address)
        yield place.hostname, place.port


def is_cut_off(connection: socket.socket, drip: bytes = b"") -> bool:
    """Whether the server ends a connection on which nothing comes, or a little now and then."""
    connection.settimeout(0.05)
    for _ in range(PATIENCE_SECONDS * 20):
        try:
            if drip:
                connection.sendall(drip)
            if connection.recv(4096) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"", b""),
        (b"GET /health HTTP/1.1\r\n", b""),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n", b"X-A: b\r\n"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b""),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n", b"X-A: b\r\n"),
    ],
    ids=["silent", "half", "dripping", "kept", "kept and dripping"],
)
def test_a_connection_without_a_request_is_cut_off(
    tts: Synthesizer, tmp_path: Path, start: bytes, drip: bytes
) -> None:
    with (
        bounded(tts, tmp_path, headers_seconds=0.3) as place,
        socket.create_connection(place) as connection,
    ):
        connection.sendall(start)
        assert is_cut_off(connection, drip)


GARBAGE = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(5000),
    "no version": b"GET /health\r\n\r\n",
    "a long line": b"GET /" + b"x" * 200_000,
    "a long header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"x" * 200_000 + b"\r\n\r\n",
    "bytes in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-\xff: \x00\r\n\r\n",
    "negative size": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "two sizes": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "no chunk": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_and_ends_that_connection_alone(
    tts: Synthesizer, tmp_path: Path, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with bounded(tts, tmp_path) as place:
        with socket.create_connection(place, timeout=PATIENCE_SECONDS) as connection:
            with suppress(ConnectionError):  # it may end before all is sent
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with suppress(ConnectionError):
                while received := connection.recv(4096):
                    answer += received
        assert re.match(rb"(HTTP/1.1 4\d\d .*)?$", answer.partition(b"\r\n")[0])
        with socket.create_connection(place, timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_an_answer_that_nobody_reads_is_dropped() -> None:
    """All of it is in the server's hands already; the application has nothing left to wait for."""
    ended = threading.Event()

    async def app(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(20_000_000)})

    class Noted(impatient(headers_seconds=60.0, stall_seconds=0.3)):  # type: ignore[misc]
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            ended.set()

    with running(app, http=Noted) as address, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((urlsplit(address).hostname, urlsplit(address).port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert ended.wait(PATIENCE_SECONDS)


def test_a_slow_answer_is_no_idle_connection(
    tts: Synthesizer, voice: Voice, tmp_path: Path
) -> None:
    # mypy follows no base class that a call makes
    class Counted(impatient(headers_seconds=PATIENCE_SECONDS)):  # type: ignore[misc]
        looks = 0

        def _look(self) -> None:
            Counted.looks += 1
            super()._look()

    VoiceStore(tmp_path / "data", max_voices=1).add(voice, "anna", CONSENT)
    held = Held(tts, num_chunks=1, held_from=0)
    app = create_app(tts, Settings(data_folder=tmp_path / "data"))
    with (
        running(app, http=Counted) as address,
        # all that is read of a server is its address
        opened(SimpleNamespace(base_url=address)) as connection,  # type: ignore[arg-type]
    ):
        wait_until(lambda: held.begun == 1)
        Counted.headers_seconds = 0.1  # now: a busy client may take longer to send the request
        looks = Counted.looks
        wait_until(lambda: Counted.looks >= looks + 20)
        held.release.set()
        connection.settimeout(PATIENCE_SECONDS)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_connections_are_counted(tts: Synthesizer, tmp_path: Path) -> None:
    with bounded(tts, tmp_path, max_connections=2, headers_seconds=60.0) as place:
        held = [socket.create_connection(place) for _ in range(2)]
        with socket.create_connection(place) as third:
            assert is_cut_off(third)
        held.pop().close()

        def is_served() -> bool:
            with suppress(OSError), socket.create_connection(place, timeout=1.0) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return connection.recv(100).startswith(b"HTTP/1.1 200")
            return False

        wait_until(is_served)
        held.pop().close()
