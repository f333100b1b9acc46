"""What clients, proxies and watchers of a server rely on besides speech."""

from __future__ import annotations

import errno
import http.client
import io
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import av
import numpy as np
import openai
import pytest

from muspeaker.serve.openai.settings import Settings
from muspeaker.serve.openai.speech import SpeechRequest
from muspeaker.serve.openai.store import VoiceStore
from muspeaker.serve.openai.uploads import read_recording
from muspeaker.sound.samples import to_int16
from tests.serving import SPEECH, VOICES, add_voice, ask, noise, serving, speak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.tts import Synthesizer

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(tts: Synthesizer, tmp_path: Path) -> Iterator[openai.OpenAI]:
    """The fake engine with one voice, Anna."""
    with serving(tts, Settings(data_folder=tmp_path / "data")) as client:
        add_voice(client)
        yield client


def schema(client: openai.OpenAI) -> dict[str, Any]:
    return ask(client, "GET", "/openapi.json")[1]


# health


def test_health_is_no_when_the_engine_does_not_speak(
    client: openai.OpenAI, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the engine broke")

    with monkeypatch.context() as patch:
        patch.setattr(type(engine), "start", broken)
        status, body, _ = ask(client, "GET", "/health")
        assert (status, body["status"]) == (503, "failing")
        assert "the engine broke" not in str(body)
    status, body, _ = ask(client, "GET", "/health")
    assert (status, body["status"]) == (200, "ok")


def test_health_speaks_and_does_not_ask_the_engine_each_time(
    client: openai.OpenAI, engine: Any
) -> None:
    for _ in range(5):
        assert ask(client, "GET", "/health")[0] == 200
    assert len(engine.calls) == 1


# storage


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "storage_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "storage_full"),
        (OSError(errno.EROFS, "Read-only file system"), 503, "storage_unusable"),
        (PermissionError(errno.EACCES, "Permission denied"), 503, "storage_unusable"),
        (OSError(errno.EMFILE, "Too many open files"), 503, "storage_unusable"),
        (sqlite3.OperationalError("database or disk is full"), 507, "storage_full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), 503, "storage_unusable"),
        (sqlite3.OperationalError("database is locked"), 503, "storage_unusable"),
    ],
)
def test_a_disk_that_takes_nothing_is_said(
    client: openai.OpenAI,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
    code: str,
) -> None:
    def failing(*_: Any) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(VoiceStore, "add", failing)
        with pytest.raises(openai.InternalServerError) as error:
            add_voice(client, name="Bob")
    assert (error.value.status_code, error.value.code) == (status, code)
    assert add_voice(client, name="Bob").name == "Bob"


# uploads


def webm() -> bytes:
    """Two seconds of noise, as a browser records them."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        samples = to_int16(noise(2.0, 48000))
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 48000
        for part in (frame, None):
            container.mux(stream.encode(part))
    return buffer.getvalue()


def test_an_upload_of_an_unknown_codec_gets_422(client: openai.OpenAI) -> None:
    data = webm()
    assert data.count(b"A_OPUS") == 1
    with pytest.raises(openai.UnprocessableEntityError, match="coded as"):
        add_voice(client, name="Bob", audio_sample=data.replace(b"A_OPUS", b"A_NONE"))


def test_a_note_in_an_upload_need_be_no_text() -> None:
    data = webm()
    assert b"Lavf" in data
    samples, rate_hz = read_recording(io.BytesIO(data.replace(b"Lavf", b"\xff\xfe\xff\xfe")))
    assert abs(len(samples) - 2 * rate_hz) < rate_hz // 10


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_upload_is_read_or_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = np.frombuffer(webm(), np.uint8)
    for _ in range(25):
        data = whole.copy()
        places = rng.integers(0, 600, rng.integers(1, 20))
        data[places] = rng.integers(0, 256, len(places))
        try:
            read_recording(io.BytesIO(data.tobytes()))
        except ValueError as error:
            assert type(error) is ValueError  # noqa: PT017 (either may happen)


# requests


def test_null_is_the_default(client: openai.OpenAI) -> None:
    optional = [
        name for name, field in SpeechRequest.model_fields.items() if not field.is_required()
    ]
    assert {"speed", "response_format", "seed", "stream_format"} <= set(optional)
    plain = client.audio.speech.create(model="m", voice="anna", input="Hi.").content
    nothing = dict.fromkeys(optional)
    answer = client.post(
        "/audio/speech",
        body={"voice": "anna", "input": "Hi.", **nothing},
        cast_to=openai.HttpxBinaryResponseContent,
    )
    assert answer.content == plain
    for name in ("input", "voice"):
        with pytest.raises(openai.UnprocessableEntityError):
            speak(client, **{name: None})


@pytest.mark.parametrize("path", ["/health", "/metrics", VOICES, "/v1/models", "/openapi.json"])
def test_head_is_get_without_the_body(client: openai.OpenAI, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(str(client.base_url)).netloc, timeout=60)
    connection.request("HEAD", path)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.request("GET", path)  # on the same connection
    assert connection.getresponse().headers["content-type"] == answer.headers["content-type"]
    connection.close()


def test_head_of_what_is_no_page(client: openai.OpenAI) -> None:
    connection = http.client.HTTPConnection(urlsplit(str(client.base_url)).netloc, timeout=60)
    connection.request("HEAD", SPEECH)
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize("name", ["tts-1", "muspeaker-fake", "openai/tts-1-hd", "ä"])
def test_any_name_of_a_model_is_the_model(client: openai.OpenAI, name: str) -> None:
    model = client.models.retrieve(name)
    assert (model.id, model.owned_by) == (name, "muspeaker")
    assert model.to_dict()["fingerprint"] == "0123456789abcdef"


def test_the_description_says_what_refusals_look_like(client: openai.OpenAI) -> None:
    described = schema(client)
    speech = described["paths"][SPEECH]["post"]
    assert {"401", "404", "422", "429", "507"} <= set(speech["responses"])
    for status, answer in speech["responses"].items():
        if status != "200":
            (content,) = answer["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/Refusal"}
    assert "audio/mpeg" in speech["responses"]["200"]["content"]
    form = described["paths"][VOICES]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(form["schema"]["required"]) == {"audio_sample", "name", "consent"}
    assert "HTTPValidationError" not in described["components"]["schemas"]
