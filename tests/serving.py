"""A server on a free port of this machine, and engines that wait or say little, to try it with."""

from __future__ import annotations

import http.client
import io
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import openai
import soundfile
import uvicorn

from muspeaker.serve.openai.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi import FastAPI

    from muspeaker.tts import Synthesizer

PATIENCE_SECONDS = 60
CONSENT = "I am the speaker, and I agree."
SPEECH = "/v1/audio/speech"
VOICES = "/v1/audio/voices"


@contextmanager
def running(app: FastAPI, **config: Any) -> Iterator[str]:
    """Serve an app from a thread; gives its address."""
    options = {"host": "127.0.0.1", "port": 0, "log_level": "warning", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, **(options | config)))
    started = threading.Event()
    startup = server.startup

    async def telling_startup(*args: Any, **keywords: Any) -> None:
        await startup(*args, **keywords)
        started.set()

    server.startup = telling_startup
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(PATIENCE_SECONDS)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@contextmanager
def serving(tts: Synthesizer, settings: Any) -> Iterator[openai.OpenAI]:
    """The official client, connected to a server of its own."""
    app = create_app(tts, settings)
    token = settings.token or "none"
    with (
        running(app) as address,
        openai.OpenAI(
            base_url=f"{address}/v1", api_key=token, max_retries=0, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        client.app = app
        yield client


def wait_until(condition: Any) -> None:
    """Poll a condition that another thread brings about."""
    waiting = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("waited in vain")


def noise(seconds: float, rate_hz: int = 24000, seed: int = 0) -> np.ndarray:
    """(samples,) float32 that a voice can be cloned from."""
    samples = np.random.default_rng(seed).normal(size=round(seconds * rate_hz))
    return (0.1 * samples).astype(np.float32)


def add_voice(client: openai.OpenAI, **changed: Any) -> Any:
    given = {"audio_sample": wav(noise(2.0)), "consent": CONSENT, "name": "Anna"}
    return client.audio.voices.create(**(given | changed))


def speak(client: openai.OpenAI, **changed: Any) -> bytes:
    given: Any = {"model": "m", "voice": "anna", "input": "Hi.", "response_format": "wav"}
    return client.audio.speech.create(**(given | changed)).content


def wav(samples: np.ndarray, rate_hz: int = 24000, **options: Any) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, **({"format": "WAV"} | options))
    return buffer.getvalue()


def ask(
    client: openai.OpenAI,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """One request as no well-behaved client sends it: status, body and headers of the answer."""
    connection = http.client.HTTPConnection(urlsplit(str(client.base_url)).netloc, timeout=60)
    try:
        is_chunked = body is not None and not isinstance(body, bytes)
        extra = {"Transfer-Encoding": "chunked"} if is_chunked else {}
        connection.request(method, path, body, (headers or {}) | extra, encode_chunked=is_chunked)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())
    finally:
        connection.close()
