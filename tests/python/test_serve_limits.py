"""What a server withstands: strangers, floods, and bodies that are not what they say."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import openai
import pytest

import muspeaker
from muspeaker.serve.openai.settings import Settings
from muspeaker.sound.audio import Audio
from muspeaker.voice import DEFAULT_NAME
from tests.espeak import needs_espeak
from tests.held_speech import Held, gate, metric
from tests.serving import (
    SPEECH,
    VOICES,
    add_voice,
    ask,
    noise,
    serving,
    speak,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.tts import Synthesizer

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data", max_upload_bytes=1_000_000)


@pytest.fixture
def client(tts: Synthesizer, settings: Settings) -> Iterator[openai.OpenAI]:
    with serving(tts, settings) as client:
        add_voice(client)
        yield client


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def shared(model: Synthesizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """One server for the requests that are refused; with the voice that ships alone."""
    settings = Settings(data_folder=tmp_path_factory.mktemp("data"), max_upload_bytes=1_000_000)
    with serving(model, settings) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(
    model: Synthesizer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[openai.OpenAI]:
    settings = Settings(data_folder=tmp_path_factory.mktemp("data"), token="s3same")
    with serving(model, settings) as client:
        yield client


# 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Bearer sésame",
        "Basic s3same",
        "s3same",
        "Bearer s3same x",
    ],
)
def test_strangers_get_401(guarded: openai.OpenAI, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (("POST", SPEECH), ("GET", VOICES), ("GET", "/metrics"), ("GET", "/x")):
        status, body, answer = ask(guarded, method, path, headers=headers)
        assert status == 401
        assert body["error"]["code"] == "invalid_api_key"
        assert answer["www-authenticate"] == "Bearer"
    assert ask(guarded, "GET", "/health", headers=headers)[0] == 200


def test_the_token_opens(guarded: openai.OpenAI) -> None:
    assert guarded.models.list().data
    assert ask(guarded, "GET", VOICES, headers={"Authorization": "bearer s3same"})[0] == 200
    stranger = guarded.with_options(api_key="guess")
    with pytest.raises(openai.AuthenticationError, match="wrong token"):
        stranger.models.list()


# 413


def test_a_large_upload_gets_413(shared: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError, match="too large") as error:
        add_voice(shared, audio_sample=bytes(20_000_000), name="Big")
    assert error.value.status_code == 413
    assert error.value.code == "request_too_large"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert ask(shared, "POST", VOICES, bytes(20_000_000), headers)[0] == 413
    assert shared.models.list().data


def test_a_large_upload_gets_413_without_declaring_its_size(shared: openai.OpenAI) -> None:
    boundary = "b0undary"
    start = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="audio_sample"; filename="a"\r\n\r\n'
    )
    parts = [start.encode(), *[bytes(100_000)] * 200, f"\r\n--{boundary}--\r\n".encode()]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    status, body, _ = ask(shared, "POST", VOICES, iter(parts), headers)
    assert (status, body["error"]["code"]) == (413, "request_too_large")


def test_a_client_that_waits_for_leave_is_told_at_once(shared: openai.OpenAI) -> None:
    address = urlsplit(str(shared.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(
            f"POST {VOICES} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            "Expect: 100-continue\r\nContent-Length: 999999999999\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_large_json_gets_413(shared: openai.OpenAI) -> None:
    body = json.dumps({"input": "a" * 300_000, "voice": DEFAULT_NAME}).encode()
    assert ask(shared, "POST", SPEECH, body, JSON)[0] == 413
    assert ask(shared, "POST", SPEECH, iter([body]), JSON)[0] == 413


def test_a_body_that_never_comes_gets_408(tts: Synthesizer, tmp_path: Path) -> None:
    with serving(tts, Settings(data_folder=tmp_path, body_seconds=0.2)) as client:
        address = urlsplit(str(client.base_url))
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            head = (
                f"POST {SPEECH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            )
            connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 408")


# 422


@pytest.mark.parametrize(
    ("changed", "param", "words"),
    [
        ({"input": "a" * 4097}, "input", "at most 4096 characters, got 4097"),
        ({"input": ""}, "input", "at least 1 character"),
        ({"input": " \n\t "}, "input", "empty"),
        ({"input": "..."}, "input", "nothing to speak"),
        ({"input": None}, "input", "valid string"),
        ({"speed": 0.2}, "speed", "greater than or equal to 0.25"),
        ({"speed": 4.1}, "speed", "less than or equal to 4"),
        ({"response_format": "midi"}, "response_format", "'mp3', 'opus'"),
        ({"stream_format": "telegraph"}, "stream_format", "'audio' or 'sse'"),
        ({"voice": {"name": "anna"}}, "voice", "valid string"),
        ({"voice": ["anna"]}, "voice", "valid string"),
        pytest.param(
            *({"extra_body": {"language": "tlh"}}, "language", "unknown language"),
            marks=needs_espeak,
        ),
        ({"extra_body": {"pitch": 99}}, "pitch", "less than or equal to 12"),
        ({"extra_body": {"seed": -1}}, "seed", "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_spoken_gets_422(
    shared: openai.OpenAI, changed: dict[str, Any], param: str, words: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match=words) as error:
        speak(shared, **({"voice": DEFAULT_NAME} | changed))
    assert error.value.type == "invalid_request_error"
    assert error.value.param == param


def test_the_longest_input_is_spoken(client: openai.OpenAI) -> None:
    assert len(speak(client, input="Hello there. " * 315 + "a")) > 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"Hi"',
        b'{"input": "\xff", "voice": "kathleen"}',
        b'{"input": "\\ud800", "voice": "kathleen"}',
        b'{"input": "Hi", "voice": "\\ud800"}',
        b'{"input": "Hi", "voice": "kathleen", "speed": NaN}',
        b'{"input": "Hi", "voice": "kathleen", "speed": 1e999}',
        b"[" * 100_000,
    ],
)
def test_broken_bodies_get_an_answer_in_the_same_shape(shared: openai.OpenAI, body: bytes) -> None:
    status, answer, _ = ask(shared, "POST", SPEECH, body, JSON)
    assert status in {400, 404, 422}
    assert set(answer["error"]) == {"message", "type", "param", "code"}


def test_unknown_paths_and_methods_too(shared: openai.OpenAI) -> None:
    for method, path, expected in (
        ("GET", "/v1/x", 404),
        ("GET", SPEECH, 405),
        ("GET", "/docs", 404),
    ):
        status, answer, _ = ask(shared, method, path)
        assert status == expected
        assert answer["error"]["type"] == "invalid_request_error"


def test_a_page_elsewhere_cannot_make_a_browser_ask(shared: openai.OpenAI) -> None:
    body = json.dumps({"input": "Hi.", "voice": "anna"}).encode()
    assert ask(shared, "POST", SPEECH, body, {"Content-Type": "text/plain"})[0] == 422


@pytest.mark.parametrize(
    ("site", "expected"), [("cross-site", 403), ("same-origin", 422), (None, 422)]
)
def test_a_page_elsewhere_cannot_post_a_form(
    shared: openai.OpenAI, site: str | None, expected: int
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    headers |= {} if site is None else {"Sec-Fetch-Site": site}
    assert ask(shared, "POST", VOICES, b"--b--\r\n", headers)[0] == expected


# 429


def test_a_full_queue_gets_429(tts: Synthesizer, tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path, max_running=1, max_waiting=1)
    with serving(tts, settings) as client, ThreadPoolExecutor(2) as pool:
        add_voice(client)
        held = Held(tts, num_chunks=2)
        first = pool.submit(speak, client)
        wait_until(lambda: held.begun)
        second = pool.submit(speak, client)
        wait_until(lambda: gate(client).waiting == 1)
        assert metric(client, "muspeaker_queue_length") == 1
        with pytest.raises(openai.RateLimitError, match="queue is full") as error:
            speak(client)
        assert 1 <= int(error.value.response.headers["retry-after"]) <= 60
        assert error.value.code == "queue_full"
        with pytest.raises(openai.RateLimitError):
            add_voice(client, name="Bob")
        held.release.set()
        assert first.result(60) == second.result(60)
        assert speak(client) == first.result()


# failures


@pytest.mark.parametrize("num_chunks", [0, 1])
def test_a_failure_is_no_short_success(
    client: openai.OpenAI, tts: Synthesizer, num_chunks: int
) -> None:
    def stream(*_: Any, **__: Any) -> Iterator[Audio]:
        yield from [Audio(noise(1.0), 22050)] * num_chunks
        raise RuntimeError("the engine broke")

    tts.stream = stream  # type: ignore[method-assign]
    tts.fork = lambda *_: tts  # type: ignore[method-assign]
    expected = openai.InternalServerError if num_chunks == 0 else openai.OpenAIError
    with pytest.raises((expected, OSError, http.client.HTTPException)) as error:
        speak(client)
    assert "the engine broke" not in str(error.value)
    assert gate(client).running == 0
    del tts.stream
    assert speak(client)
