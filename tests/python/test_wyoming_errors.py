"""What the Wyoming server answers to requests that it cannot fulfil."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Any

import pytest
from wyoming.audio import AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.wyoming_client import (
    TIMEOUT_SECONDS,
    ask,
    client_of,
    kinds,
    serving,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming.client import AsyncTcpClient

    from muspeaker.tts import Synthesizer


@pytest.mark.parametrize(
    ("request_event", "code", "text"),
    [
        (
            Synthesize(text="Hi", voice=SynthesizeVoice(name="nobody")),
            "bad-request",
            "unknown voice",
        ),
        (Synthesize(text="  "), "bad-request", "text is empty"),
        (Synthesize(text="…"), "bad-request", "nothing to speak"),
        (Synthesize(text="a" * 50_001), "bad-request", "too long"),
        (Synthesize(text="Hi", text_format="ssml"), "bad-request", "not supported"),
        (
            Synthesize(text="Hi", voice=SynthesizeVoice(name="anna", speaker="angry")),
            "bad-request",
            "unknown speaker 'angry': expected calm or lively",
        ),
        (Synthesize(text="Hi", voice=SynthesizeVoice(language="xx")), "bad-request", "language"),
        (Synthesize(text="Hi", voice=SynthesizeVoice(language="de")), "bad-request", "language"),
        (SynthesizeChunk(text="Hi"), "bad-request", "before synthesize-start"),
        (SynthesizeStop(), "bad-request", "before synthesize-start"),
    ],
)
def test_failures_are_error_events(
    tts: Synthesizer, voice_folder: Path, request_event: Any, code: str, text: str
) -> None:
    """And the connection is closed, for a client that waits for audio-stop."""

    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(request_event.event())
        return await until(client, SynthesizeStopped)

    (event,) = ask(tts, voice_folder, conversation)
    error = Error.from_event(event)
    assert error.code == code
    assert text in error.text


@pytest.mark.parametrize(
    "data",
    [{}, {"text": 5}, {"text": None}, {"text": "Hi", "voice": 5}, {"text": "Hi", "voice": {"name": 5}},
     {"text": "Hi", "voice": {"language": 5}}, {"text": "Hi", "voice": {"name": "anna", "speaker": 5}}],
)  # fmt: skip
def test_misshapen_requests_are_error_events(
    tts: Synthesizer, voice_folder: Path, data: dict[str, Any]
) -> None:
    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Event("synthesize", data))
        return await until(client, AudioStop)

    (event,) = ask(tts, voice_folder, conversation)
    assert Error.from_event(event).code == "bad-request"


@pytest.mark.parametrize(
    "line",
    [b"no json\n", b"[]\n", b"{}\n", b'{"type": 5}\n', b'{"type": "synthesize", "data": []}\n',
     b'{"type": "synthesize", "data_length": 999999999999}\n', b'{"type": "synthesize", "data_length": "x"}\n',
     b'{"type": "synthesize", "data_length": 5}\n', b"x" * 200_000, b"\xff\xfe\n",
     b'{"type": "synthesize", "payload_length": -1}\n', b"[" * 60_000 + b"\n", b'{"type": "synthesize", "data_length": 1e9}\n',
     b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\n", b'{"type": "\\ud800"}\n'],
)  # fmt: skip
def test_what_is_no_event_closes_that_connection_alone(
    tts: Synthesizer, voice_folder: Path, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    async def run() -> None:
        async with serving(tts, voice_folder) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(line)
            writer.write_eof()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                    await reader.readexactly(1_000_000)
            writer.close()
            async with client_of(port) as client:
                await client.write_event(Ping("still there").event())
                event = await client.read_event()
                assert event is not None
                assert Pong.from_event(event).text == "still there"

    asyncio.run(run())
    gc.collect()  # asyncio tells of a failed task when it forgets it
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_failed_stream_ends_when_its_text_does(
    tts: Synthesizer, voice_folder: Path, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes at once, nothing more is spoken, and the next stream works."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the engine is broken")

    async def conversation(client: AsyncTcpClient) -> tuple[list[Event], list[Event]]:
        with monkeypatch.context() as patch:
            patch.setattr(engine, "synthesize", broken)
            await client.write_event(SynthesizeStart().event())
            for piece in ("One. ", "Two. ", "Three."):
                await client.write_event(SynthesizeChunk(text=piece).event())
            await client.write_event(SynthesizeStop().event())
            failed = await until(client, SynthesizeStopped)
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk(text="One.").event())
        await client.write_event(SynthesizeStop().event())
        return failed, await until(client, SynthesizeStopped)

    failed, spoken = ask(tts, voice_folder, conversation)
    assert kinds(failed) == ["error", "synthesize-stopped"]
    assert Error.from_event(failed[0]) == Error("the engine is broken", "failed")
    assert kinds(spoken) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize("pieces", [(), ("…",), ("", " ")])
def test_an_empty_stream_is_an_error(
    tts: Synthesizer, voice_folder: Path, pieces: tuple[str, ...]
) -> None:
    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(SynthesizeStart().event())
        for piece in pieces:
            await client.write_event(SynthesizeChunk(text=piece).event())
        await client.write_event(SynthesizeStop().event())
        return await until(client, SynthesizeStopped)

    assert kinds(ask(tts, voice_folder, conversation)) == ["error", "synthesize-stopped"]


def test_an_unknown_voice_fails_the_stream(tts: Synthesizer, voice_folder: Path) -> None:
    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name="nobody")).event())
        await client.write_event(SynthesizeChunk(text="One. Two.").event())
        await client.write_event(SynthesizeStop().event())
        return await until(client, SynthesizeStopped)

    assert kinds(ask(tts, voice_folder, conversation)) == ["error", "synthesize-stopped"]
