"""The Wyoming server under test, and what its answers hold."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.server import AsyncTcpServer

from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.serve.wyoming.protocol import WyomingHandler
from muspeaker.serve.wyoming.service import WyomingService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Unpack

    from wyoming.event import Event

    from muspeaker.options import OptionFields
    from muspeaker.tts import Synthesizer

TIMEOUT_SECONDS = 60.0
SPEED = 1.25


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(
    tts: Synthesizer, folder: Path, **options: Unpack[OptionFields]
) -> AsyncIterator[int]:
    port = free_port()
    server = AsyncTcpServer("127.0.0.1", port)
    voices = VoiceFolder(tts.fingerprint, folder, default="anna")
    service = WyomingService(tts, voices, **{"speed": SPEED, **options})
    await server.start(partial(WyomingHandler, service))
    try:
        yield port
    finally:
        await server.stop()
        await asyncio.sleep(0.05)  # connections close


def client_of(port: int) -> AsyncTcpClient:
    return AsyncTcpClient("127.0.0.1", port, read_timeout=TIMEOUT_SECONDS)


async def until(client: AsyncTcpClient, last: type) -> list[Event]:
    """Events up to the first of a kind, or to the end of the connection."""
    events: list[Event] = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if last.is_type(event.type):
            break
    return events


def samples_of(events: list[Event], rate_hz: int = 22050) -> np.ndarray:
    chunks = [AudioChunk.from_event(e) for e in events if AudioChunk.is_type(e.type)]
    assert all((c.rate, c.width, c.channels) == (rate_hz, 2, 1) for c in chunks)
    return np.frombuffer(b"".join(chunk.audio for chunk in chunks), "<i2")


def pcm(samples: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2")


def kinds(events: list[Event]) -> list[str]:
    """Types of events, neighbours of one type once."""
    types = [event.type for event in events]
    return [t for i, t in enumerate(types) if i == 0 or t != types[i - 1]]


def ask(tts: Synthesizer, folder: Path, conversation: Any, **options: Unpack[OptionFields]) -> Any:
    """Run one conversation(client) against a server on the fake engine."""

    async def run() -> Any:
        async with serving(tts, folder, **options) as port, client_of(port) as client:
            return await asyncio.wait_for(conversation(client), TIMEOUT_SECONDS)

    return asyncio.run(run())
