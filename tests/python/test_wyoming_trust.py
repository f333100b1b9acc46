"""What a Wyoming server withstands: bad files in its folder, and clients that read nothing."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import threading
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from wyoming.info import Describe, Info

from muspeaker.serve.wyoming.connections import Connections
from muspeaker.serve.wyoming.service import WyomingService
from tests.wyoming_client import TIMEOUT_SECONDS, ask, serving

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming.client import AsyncTcpClient

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


@pytest.fixture
def folder(voice: Voice, tmp_path: Path) -> Path:
    for name in ("anna", "bert"):
        voice.save(tmp_path / f"{name}.voice")
    return tmp_path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_describe_lists_the_good_among_the_bad(tts: Synthesizer, folder: Path) -> None:
    """Whatever else lies in the folder, and whenever it came there."""
    whole = (folder / "anna.voice").read_bytes()
    (size,) = struct.unpack_from("<I", whole, 12)
    header = json.loads(whole[20 : 20 + size])
    added = {
        "deep": b"[" * 100_000,
        "list": b"[]",
        "surrogate": json.dumps(header | {"name": "\ud800"}).encode(),
        "number": json.dumps(header | {"name": 5}).encode(),
    }

    async def conversation(client: AsyncTcpClient) -> list[str]:
        names = []
        for _ in range(2):
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            names.append(sorted(v.name for v in Info.from_event(event).tts[0].voices))
            if len(names) == 1:
                for name, text in added.items():
                    (folder / f"{name}.voice").write_bytes(with_header(whole, text))
                (folder / os.fsdecode(b"\xff.voice")).write_bytes(whole)
                os.mkfifo(folder / "pipe.voice")
                (folder / "folder.voice").mkdir()
                (folder / "gone.voice").symlink_to(folder / "nothing")
        return names

    assert ask(tts, folder, conversation) == [["anna", "bert"]] * 2


def with_header(whole: bytes, header: bytes) -> bytes:
    """A voice file with another header and the right checksum."""
    magic, version, size, _ = struct.unpack_from("<8sIII", whole)
    body = header + whole[20 + size :]
    return struct.pack("<8sIII", magic, version, len(header), zlib.crc32(body)) + body


def test_a_client_that_reads_nothing_is_dropped(
    tts: Synthesizer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connections, "stall_seconds", 0.3)
    monkeypatch.setattr(Connections, "tick_seconds", TIMEOUT_SECONDS)  # not by a look at it
    ended = threading.Event()
    stream = WyomingService.speak

    async def endless(self: WyomingService, *args: Any) -> Any:
        try:
            while True:
                async for audio in stream(self, *args):
                    yield audio
        finally:
            ended.set()

    monkeypatch.setattr(WyomingService, "speak", endless)

    async def run() -> None:
        async with serving(tts, folder) as port:
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", port))
                client.sendall(b'{"type": "synthesize", "data": {"text": "Hello there."}}\n')
                assert await asyncio.to_thread(ended.wait, TIMEOUT_SECONDS)
                client.settimeout(TIMEOUT_SECONDS)
                while await asyncio.to_thread(client.recv, 1 << 20):
                    pass  # what was on its way, and then the end

    asyncio.run(run())
