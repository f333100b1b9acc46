"""How long a Wyoming client may hold a connection without doing anything, and how many there may be."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from wyoming.audio import AudioStop
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from muspeaker.serve.descriptors import connection_limit
from muspeaker.serve.wyoming.connections import Connections
from tests.wyoming_client import TIMEOUT_SECONDS, ask, client_of, kinds, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming.client import AsyncTcpClient
    from wyoming.event import Event

    from muspeaker.tts import Synthesizer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, seconds in (("event_seconds", 0.3), ("stall_seconds", 0.3), ("tick_seconds", 0.05)):
        monkeypatch.setattr(Connections, limit, seconds)


async def cut_off(reader: asyncio.StreamReader) -> None:
    """Wait until the server ends the connection."""
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), TIMEOUT_SECONDS)


async def is_answered(client: AsyncTcpClient) -> bool:
    await client.write_event(Ping("still there").event())
    event = await client.read_event()
    return event is not None and Pong.is_type(event.type)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b'{"type": "desc', b""),
        (b'{"type": "', b"x"),
        (b'{"type": "synthesize", "data_length": 9000}\n', b""),
        (b'{"type": "synthesize", "data_length": 9000}\n{"text": "', b"x"),
        (b'{"type": "ping", "payload_length": 9000}\n', b"x"),
        (b'{"type": "ping"}\n{"type": "ping"', b""),
    ],
    ids=["line", "dripping line", "data", "dripping data", "dripping payload", "second"],
)
def test_half_an_event_is_cut_off(
    tts: Synthesizer, voice_folder: Path, start: bytes, drip: bytes
) -> None:
    async def run() -> None:
        async with serving(tts, voice_folder) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def dripping() -> None:
                while drip and not writer.is_closing():
                    writer.write(drip)
                    await asyncio.sleep(0.05)

            writer.write(start)
            if start.startswith(b'{"type": "ping"}'):
                assert b"pong" in await reader.readline()
            drops = asyncio.create_task(dripping())
            await cut_off(reader)
            drops.cancel()
            writer.close()

    asyncio.run(run())


@pytest.mark.usefixtures("impatient")
def test_silence_between_events_is_no_fault(tts: Synthesizer, voice_folder: Path) -> None:
    """Before the first, between two, and in the middle of a text that comes slowly."""

    async def conversation(client: AsyncTcpClient) -> list[Event]:
        for _ in range(2):
            await asyncio.sleep(0.6)
            assert await is_answered(client)
        await client.write_event(SynthesizeStart().event())
        for piece in ("One. ", "Two. "):
            await client.write_event(SynthesizeChunk(text=piece).event())
            await asyncio.sleep(0.6)
        await client.write_event(SynthesizeStop().event())
        spoken = await until(client, AudioStop)
        await asyncio.sleep(0.6)
        await client.write_event(Synthesize(text="Three.").event())
        return spoken + await until(client, AudioStop)

    once = ["audio-start", "audio-chunk", "audio-stop"]
    events = ask(tts, voice_folder, conversation)
    assert kinds([e for e in events if e.type != "synthesize-stopped"]) == once * 2


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_closed", [False, True])
def test_what_nobody_reads_is_dropped(is_closed: bool) -> None:
    """All of it is in the server's hands already, which has nothing left to wait for."""

    async def run() -> None:
        ended = asyncio.Event()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert Connections().take(writer)
            writer.write(bytes(20_000_000))
            if is_closed:
                writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            ended.set()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(server.sockets[0].getsockname())
                await asyncio.wait_for(ended.wait(), TIMEOUT_SECONDS)

    asyncio.run(run())


@pytest.mark.usefixtures("impatient")
def test_a_slow_reader_gets_all() -> None:
    whole = bytes(3_000_000)

    async def run() -> int:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            assert Connections().take(writer)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            writer.write(whole)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(*address, limit=4096)
            received = 0
            while part := await reader.read(200_000):
                received += len(part)
                await asyncio.sleep(0.005)
            writer.close()
            await writer.wait_closed()
            return received

    assert asyncio.run(run()) == len(whole)


def test_connections_are_counted(
    tts: Synthesizer,
    voice_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The next is refused, with one warning however many come, until another is gone."""
    monkeypatch.setattr(Connections, "max_connections", 2)

    async def run() -> None:
        async with serving(tts, voice_folder) as port, client_of(port) as first:
            async with client_of(port) as second:
                assert await is_answered(first)
                assert await is_answered(second)
                for _ in range(3):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    await cut_off(reader)
                    writer.close()
                assert await is_answered(first)
            async with asyncio.timeout(TIMEOUT_SECONDS):
                is_served = False
                while not is_served:
                    with suppress(ConnectionError):
                        async with client_of(port) as third:
                            is_served = await is_answered(third)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    told = [r.getMessage() for r in caplog.records if r.name.endswith(".connections")]
    assert told == ["2 connections: others are refused"]


def test_a_server_keeps_half_of_its_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="not on Windows")
    for descriptors, expected in ((64, 32), (1, 1), (100_000, 512), (resource.RLIM_INFINITY, 512)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, n=descriptors: (n, n))
        assert connection_limit(512) == expected
