"""The Wyoming protocol: how Home Assistant and its satellites ask for speech.

Source: the protocol of the package `wyoming`, events of its modules `info`, `tts`, `audio`, `error`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, cast

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from muspeaker.options import STYLES
from muspeaker.serve.wyoming.connections import EventReader
from muspeaker.serve.wyoming.incoming_text import IncomingText
from muspeaker.sound.samples import SAMPLE_BYTES, to_int16
from muspeaker.tts import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from wyoming.event import Event

    from muspeaker.options import OptionFields, StyleName
    from muspeaker.serve.wyoming.service import WyomingService
    from muspeaker.voice import Voice

CHUNK_SAMPLES = 2048  # 93 ms at 22.05 kHz
_LOGGER = logging.getLogger(__name__)


class WyomingHandler(AsyncEventHandler):
    """One connection.

    A failed `synthesize` is answered with `error` and the connection is closed, since a client that waits
    for `audio-stop` would wait for ever. A failed stream is answered with `error` at once; the rest of its
    text is dropped, and its end is answered with `synthesize-stopped`.
    """

    def __init__(
        self, service: WyomingService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        bounded = EventReader(reader, service.connections.event_seconds)
        super().__init__(cast("asyncio.StreamReader", bounded), writer)
        self._service = service
        self._rate_hz = service.tts.sample_rate
        self._incoming: _Incoming | None = None
        self._sent_samples: int | None = None  # None outside audio-start and audio-stop

    async def run(self) -> None:
        """Answer events until the client leaves, stops in the middle of one or sends what is none."""
        if not self._service.connections.take(self.writer):
            return
        try:
            await super().run()
        except (OSError, asyncio.IncompleteReadError) as error:
            _LOGGER.debug("client left: %r", error)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            _LOGGER.warning("no Wyoming event, connection closed: %r", error)

    async def write_event(self, event: Event) -> None:
        """Send an event; drops a client that reads nothing.

        Raises:
            ConnectionError: If the client is gone or dropped.
        """
        try:
            async with asyncio.timeout(self._service.connections.stall_seconds):
                await super().write_event(event)
        except TimeoutError:
            self.writer.transport.abort()
            raise ConnectionAbortedError("the client reads nothing") from None

    async def handle_event(self, event: Event) -> bool:
        """Answer one event; False closes the connection."""
        try:
            return await self._answer(event)
        except ConnectionError:
            return False
        except KeyError as error:
            return await self._fail("bad-request", f"{event.type} lacks {error}")
        except (ValueError, TypeError, AttributeError) as error:
            return await self._fail("bad-request", str(error))
        except Exception as error:
            _LOGGER.exception("%s failed", event.type)
            return await self._fail("failed", str(error))

    async def _answer(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            info = await asyncio.to_thread(self._service.info)
            await self.write_event(info.event())
        elif Ping.is_type(event.type):
            await self.write_event(Pong(Ping.from_event(event).text).event())
        elif Synthesize.is_type(event.type):
            # within a stream this repeats the whole text, for servers without streaming
            if self._incoming is None:
                await self._synthesize(Synthesize.from_event(event))
        elif SynthesizeStart.is_type(event.type):
            self._incoming = _Incoming()
            self._incoming.open(self._service, SynthesizeStart.from_event(event))
        elif SynthesizeChunk.is_type(event.type):
            await self._stream_chunk(SynthesizeChunk.from_event(event).text)
        elif SynthesizeStop.is_type(event.type):
            await self._stream_stop()
        return True

    async def _fail(self, code: str, text: str) -> bool:
        _LOGGER.warning("%s: %s", code, text)
        with suppress(ConnectionError):
            await self.write_event(Error(text=text, code=code).event())
            if self._incoming is not None:
                self._incoming.failed = True
                return True
        return False

    async def _synthesize(self, request: Synthesize) -> None:
        _check_format(request.text_format)
        voice, asked = _chosen(self._service, request.voice)
        await self._speak(request.text, voice, asked)
        await self._stop_audio()

    async def _stream_chunk(self, text: str) -> None:
        incoming = self._incoming
        if incoming is None:
            raise ValueError("synthesize-chunk came before synthesize-start")
        if incoming.failed:
            return
        for sentence in incoming.text.add(_checked_text(text)):
            own = await self._speak(sentence.text, incoming.voice, incoming.asked)
            seconds = max(0.0, sentence.pause_seconds * incoming.pause_factor - own)
            silence = np.zeros(round(seconds * self._rate_hz), np.float32)
            await self._send(silence)

    async def _stream_stop(self) -> None:
        incoming = self._incoming
        if incoming is None:
            raise ValueError("synthesize-stop came before synthesize-start")
        try:
            if not incoming.failed:
                rest = incoming.text.finish()
                if (
                    rest or self._sent_samples is None
                ):  # an empty text is refused, as outside a stream
                    spoken = rest or incoming.text.unspoken  # emoji alone are a silence
                    await self._speak(spoken, incoming.voice, incoming.asked)
        except (ValueError, TypeError, RuntimeError) as error:
            await self._fail("bad-request", str(error))
        self._incoming = None
        await self._stop_audio()
        await self.write_event(SynthesizeStopped().event())

    async def _speak(self, text: str, voice: Voice, asked: OptionFields) -> float:
        """Send a text; returns what it has of the pause after it: its silent end, and the next one's silent begin."""
        total = end = 0.0
        async with aclosing(self._service.speak(text, voice, asked)) as pieces:
            async for audio in pieces:
                end = total + audio.words[-1].end if audio.words else end
                total += audio.duration
                await self._send(audio.samples)
        return max(0.0, total - end) + self._service.lead_seconds if end else 0.0

    async def _send(self, samples: NDArray[np.float32]) -> None:
        """Send (samples,) float32 as 16-bit chunks, after `audio-start` if they are the first."""
        data = to_int16(samples)
        if self._sent_samples is None:
            self._sent_samples = 0
            start = AudioStart(rate=self._rate_hz, width=SAMPLE_BYTES, channels=1, timestamp=0)
            await self.write_event(start.event())
        for at in range(0, len(data), CHUNK_SAMPLES):
            part = data[at : at + CHUNK_SAMPLES]
            chunk = AudioChunk(
                rate=self._rate_hz,
                width=SAMPLE_BYTES,
                channels=1,
                audio=part.tobytes(),
                timestamp=self._milliseconds(),
            )
            await self.write_event(chunk.event())
            self._sent_samples += len(part)

    async def _stop_audio(self) -> None:
        if self._sent_samples is not None:
            await self.write_event(AudioStop(timestamp=self._milliseconds()).event())
        self._sent_samples = None

    def _milliseconds(self) -> int:
        return round(1000 * (self._sent_samples or 0) / self._rate_hz)


class _Incoming:
    """A stream of text on its way in."""

    voice: Voice
    asked: OptionFields
    pause_factor: float
    text: IncomingText

    def __init__(self) -> None:
        self.failed = False

    def open(self, service: WyomingService, start: SynthesizeStart) -> None:
        """Choose the voice. On an error the stream exists already and is marked as failed."""
        _check_format(start.text_format)
        self.voice, self.asked = _chosen(service, start.voice)
        self.pause_factor = service.pause_factor(self.asked)
        language = self.asked.get("language") or self.voice.language or service.tts.languages[0]
        self.text = IncomingText(language, MAX_TEXT_CHARACTERS)


def _chosen(service: WyomingService, voice: SynthesizeVoice | None) -> tuple[Voice, OptionFields]:
    """The voice that a request asks for, and the options: its language, and its speaker as the style."""
    asked: OptionFields = {}
    if voice is None:
        return service.voices.get(), asked
    if voice.language is not None:
        if not isinstance(voice.language, str):
            raise TypeError(f"language must be a string, got {type(voice.language).__name__}")
        asked["language"] = voice.language
    if voice.speaker is not None:
        asked["style"] = _named_style(voice.speaker)
    return service.voices.get(voice.name), asked


def _named_style(speaker: object) -> StyleName:
    if not (isinstance(speaker, str) and speaker in STYLES):
        raise ValueError(f"unknown speaker {speaker!r}: expected {' or '.join(STYLES)}")
    return cast("StyleName", speaker)


def _check_format(text_format: object) -> None:
    if text_format not in {None, "text"}:
        raise ValueError(f"text_format {text_format!r} is not supported: expected 'text'")


def _checked_text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    return text
