"""POST /v1/audio/speech: a text in, speech out while it is being spoken."""

from __future__ import annotations

import base64
import json
import math
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from muspeaker.options import OPTIONS, STYLES
from muspeaker.serve.openai.encoders import FORMATS, Format, encoder, media_type
from muspeaker.serve.openai.errors import ApiError, refusals
from muspeaker.serve.openai.kokoro import KokoroFields, WordTimes, in_one_piece
from muspeaker.serve.openai.presence import while_present
from muspeaker.serve.openai.service import Service, service_of
from muspeaker.serve.openai.tempo import Tempo, split_speed
from muspeaker.serve.replies import stream_reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from starlette.types import Message, Receive, Scope, Send

    from muspeaker.sound.audio import Audio

MIN_SPEED = 0.25
MAX_SPEED = 4.0
EVENTS_TYPE = "text/event-stream"

SPEECH_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Speech, or events with speech in them.",
        "content": {kind: {} for kind in (*map(media_type, FORMATS), EVENTS_TYPE)},
    }
}

router = APIRouter()


def _identifier(value: object) -> object:
    """The id in `{"id": ...}`, the form in which the OpenAI API takes custom voices."""
    return value.get("id") if isinstance(value, dict) else value


def _option(name: str, **ranges: Any) -> Any:
    """The field for one of `OPTIONS`, with its help, default and range."""
    about = OPTIONS[name]
    ranges = {"ge": about.low, "le": about.high} | ranges
    return Field(default=about.default, description=about.help, **ranges)


class Identifier(BaseModel):
    """A voice as the OpenAI API names its custom ones."""

    id: str


Reference = Annotated[str, BeforeValidator(_identifier, json_schema_input_type=str | Identifier)]


class SpeechRequest(KokoroFields):
    """The body of the OpenAI API; the fields after `instructions` are this server's own, or Kokoro-FastAPI's."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    input: str = Field(
        min_length=1, description="The text to speak; SSML where it begins with `<speak`."
    )
    model: str = Field(default="muspeaker", description="Any name: one model is loaded.")
    voice: Reference = Field(description="A name, an identifier, or an object with one.")
    response_format: Format = "mp3"
    speed: float = _option("speed", ge=MIN_SPEED, le=MAX_SPEED)
    stream_format: Literal["audio", "sse"] = "audio"
    instructions: str | None = Field(default=None, description="Ignored.")
    style: Reference | None = _option("style")
    pitch: float = _option("pitch")
    energy: float = _option("energy")
    expression: float = _option("expression")
    variation: float = _option("variation")
    temperature: float | None = _option("temperature")
    seed: int = _option("seed")
    language: str | None = _option("language")
    skip_unreadable: bool = _option("skip_unreadable")
    emoji: bool = _option("emoji")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """Leave out what is null: the default counts."""
        if not isinstance(given, dict):
            return given
        fields = cls.model_fields
        return {
            name: value
            for name, value in given.items()
            if value is not None or name not in fields or fields[name].is_required()
        }


@router.post(
    "/audio/speech",
    response_class=Response,
    responses=refusals(400, 404, 408, 409, 413, 422, 429, 500, 503, 507) | SPEECH_ANSWER,
)
async def create_speech(
    body: SpeechRequest, request: Request, service: Annotated[Service, Depends(service_of)]
) -> Response:
    """Speak a text; the answer comes in chunks, its first when the first is spoken."""
    limit = service.settings.max_characters
    if len(body.input) > limit:
        raise ApiError(
            422,
            f"input is too long: expected at most {limit} characters, got {len(body.input)}",
            param="input",
            code="string_above_max_length",
        )
    if not body.input.strip():
        raise ApiError(422, "input is empty", param="input", code="empty_string")
    start = time.monotonic()
    usage = Usage(num_characters=len(body.input))
    audio = _spoken(service, body, usage)
    first = await while_present(request, lambda: anext(audio, b""))
    service.metrics.first_chunk_seconds.observe(time.monotonic() - start)
    chunks = _with_first(first, audio)
    if not body.stream:
        chunks = in_one_piece(chunks, lambda: usage.num_samples, service.tts.sample_rate)
    if body.stream_format == "sse":
        frame_samples = int(service.tts.config["audio.hop_samples"])
        events = _events(chunks, usage, frame_samples)
        return SpeechResponse(events, audio, EVENTS_TYPE, service)
    return SpeechResponse(chunks, audio, media_type(body.response_format), service)


@dataclass
class Usage:
    """Size of a request: characters given, and samples spoken so far; and words that the client does not know yet."""

    num_characters: int
    num_samples: int = 0
    words: list[dict[str, Any]] = field(default_factory=list)

    def new_words(self) -> list[dict[str, Any]]:
        """Words with their times that were not taken before."""
        words = self.words.copy()
        self.words.clear()
        return words


class _StalledError(Exception):
    """The client reads nothing."""


class SpeechResponse(StreamingResponse):
    """Chunks of one request. The synthesis ends when the client leaves, or reads nothing for long."""

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        audio: AsyncGenerator[bytes],
        content_type: str,
        service: Service,
    ) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content, media_type=content_type, headers=headers)
        self._audio = audio
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks, and end the synthesis however the sending ends."""
        is_complete = False

        async def timed_send(message: Message) -> None:
            nonlocal is_complete
            with anyio.move_on_after(self._service.settings.stall_seconds) as waiting:
                await send(message)
            if waiting.cancelled_caught:
                raise _StalledError
            is_complete = is_complete or not message.get("more_body", True)

        try:
            with suppress(_StalledError):
                await super().__call__(scope, receive, timed_send)
            if not is_complete:
                self._service.metrics.disconnects.inc()
        finally:
            with anyio.CancelScope(shield=True):
                await self._audio.aclose()


async def _with_first(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for data in rest:
        yield data


async def _events(
    chunks: AsyncGenerator[bytes], usage: Usage, frame_samples: int
) -> AsyncGenerator[bytes]:
    """Server-sent events as the OpenAI API shapes them; tokens are characters and frames here."""
    async for data in chunks:
        delta = {"type": "speech.audio.delta", "audio": base64.b64encode(data).decode("ascii")}
        yield _event(delta | {"timestamps": usage.new_words()})
    given, spoken = usage.num_characters, math.ceil(usage.num_samples / frame_samples)
    counts = {"input_tokens": given, "output_tokens": spoken, "total_tokens": given + spoken}
    done = {"type": "speech.audio.done", "usage": counts}
    late = usage.new_words()  # whose sound the encoder gave before or with the last bytes
    yield _event(done | {"timestamps": late} if late else done)


def _event(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()


async def _spoken(service: Service, body: SpeechRequest, usage: Usage) -> AsyncGenerator[bytes]:
    """Encoded speech; every step of the work is one call in a thread."""
    async with service.gate.turn():
        producer = await service.in_thread(SpeechProducer, service, body, usage)
        try:
            while (data := await service.in_thread(producer.step)) is not None:
                if data:
                    yield data
                    producer.count_sent()
        finally:
            producer.close()


class SpeechProducer:
    """Speaks and encodes the speech of one request, step by step.

    Args:
        service: Service of the server.
        body: Body of the request.
        usage: Receives how much was spoken.

    Raises:
        ApiError: If the voice is unknown or unusable, or the text cannot be spoken.
    """

    def __init__(self, service: Service, body: SpeechRequest, usage: Usage) -> None:
        tts = service.tts.fork(service.tts.num_threads)  # speaks at the same time as other requests
        voice = service.voice(body.voice)
        speed, rest = split_speed(body.speed)
        options: dict[str, Any] = {"speed": speed, "pitch": body.pitch, "energy": body.energy}
        options |= {"seed": body.seed, "language": body.language}
        options |= {"lexicon": service.lexicon, "skip_unreadable": body.skip_unreadable}
        settings = service.settings
        options |= {"emoji": body.emoji, "watermark": settings.watermark}
        options |= {"payload": settings.payload}
        options |= {"expression": body.expression, "variation": body.variation}
        if body.temperature is not None:
            options["temperature"] = body.temperature
        if body.style is not None:
            named = body.style in STYLES
            options["style"] = body.style if named else service.voice(body.style, "style")
        options = {**body.kokoro_options(), **{k: v for k, v in options.items() if v is not None}}
        try:
            stream = stream_reply(tts, body.input, voice, **options)
            self._chunks: Iterator[Audio] = WordTimes(stream, rest, usage.words)
        except ValueError as error:
            param = "language" if "language" in str(error) else "input"
            raise ApiError(422, str(error), param=param, code="unspeakable") from error
        self._tempo = None if rest == 1.0 else Tempo(tts.sample_rate, rest)
        self._encoder = encoder(body.response_format, tts.sample_rate)
        self._metrics = service.metrics
        self._format = body.response_format
        self._rate_hz = tts.sample_rate
        self._work_seconds = 0.0
        self._usage = usage
        self._num_sent = 0  # samples
        self._is_over = False
        self._is_closed = False
        self._working = threading.Lock()

    def step(self) -> bytes | None:
        """Speak and encode one more chunk; returns the bytes that are ready, or None after the last."""
        with self._working:
            data = None if self._is_over or self._is_closed else self._next()
        if self._is_closed:  # meanwhile
            self._release()
        return data

    def count_sent(self) -> None:
        """Count what was spoken so far as sent."""
        num_samples = self._usage.num_samples
        seconds = (num_samples - self._num_sent) / self._rate_hz
        self._metrics.audio_seconds.labels(self._format).inc(seconds)
        self._num_sent = num_samples

    def close(self) -> None:
        """Release the engine and the codec: now, or when a step that a thread is in has ended."""
        self._is_closed = True
        self._release()

    def _release(self) -> None:
        if self._working.acquire(blocking=False):
            try:
                if close := getattr(self._chunks, "close", None):
                    close()
                self._encoder.close()
            finally:
                self._working.release()

    def _next(self) -> bytes:
        start = time.perf_counter()
        chunk = next(self._chunks, None)
        if chunk is None:
            return self._last()
        samples = chunk.samples if self._tempo is None else self._tempo.feed(chunk.samples)
        data = self._encoder.encode(samples)
        self._usage.num_samples += len(samples)
        self._work_seconds += time.perf_counter() - start
        return data

    def _last(self) -> bytes:
        self._is_over = True
        data = b""
        if self._tempo is not None:
            samples = self._tempo.finish()
            self._usage.num_samples += len(samples)
            data = self._encoder.encode(samples)
        if self._usage.num_samples:
            seconds = self._usage.num_samples / self._rate_hz
            self._metrics.real_time_factor.observe(self._work_seconds / seconds)
        return data + self._encoder.finish()
