"""Speech that a test holds back, and what a server tells of the requests that wait for it."""

from __future__ import annotations

import json
import socket
import threading
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from muspeaker.sound.audio import Audio
from tests.serving import (
    PATIENCE_SECONDS,
    SPEECH,
    noise,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import openai

    from muspeaker.tts import Synthesizer


class Held:
    """Speech in chunks that a test lets through; counts those begun."""

    def __init__(
        self, tts: Synthesizer, num_chunks: int | None = None, *, held_from: int = 1
    ) -> None:
        self.release = threading.Event()
        self._held_from = held_from
        self.begun = 0
        self.ended = 0
        self._num_chunks = num_chunks
        tts.stream = self.stream  # type: ignore[method-assign]
        tts.fork = lambda *_: tts  # type: ignore[method-assign]

    def stream(self, *_: Any, **__: Any) -> Iterator[Audio]:
        try:
            for index in count() if self._num_chunks is None else range(self._num_chunks):
                self.begun += 1
                if not self.release.is_set() and index >= self._held_from:
                    self.release.wait(3 * PATIENCE_SECONDS)
                yield Audio(noise(1.0), 22050)
        finally:
            self.ended += 1


def opened(client: openai.OpenAI, receive_bytes: int | None = None) -> socket.socket:
    """A connection that has asked for speech and read nothing yet."""
    address = urlsplit(str(client.base_url))
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.connect((address.hostname, address.port))
    body = json.dumps({"input": "Hi.", "voice": "anna", "response_format": "wav"})
    head = f"POST {SPEECH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection


def gate(client: openai.OpenAI) -> Any:
    return client.app.state.service.gate


def metric(client: openai.OpenAI, name: str) -> float:
    text = client.app.state.service.metrics.text().decode()
    return next(float(x.split()[-1]) for x in text.splitlines() if x.startswith(f"{name} "))
