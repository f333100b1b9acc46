"""POST /dev/captioned_speech: speech with the times of its words, as Kokoro-FastAPI gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from muspeaker.serve.openai.encoders import media_type
from muspeaker.serve.openai.errors import refusals
from muspeaker.serve.openai.service import Service, service_of
from muspeaker.serve.openai.speech import SpeechRequest, SpeechResponse, create_speech

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

EVENT = b"data: "

router = APIRouter()


class CaptionedRequest(SpeechRequest):
    """The body of /v1/audio/speech, and whether word times are wanted."""

    stream_format: Literal["sse"] = "sse"  # what is turned into lines here
    return_timestamps: bool = Field(default=True, description="false: `timestamps` is null.")


CAPTIONED_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Speech and the times of its words, one object a line.",
        "content": {"application/json": {}},
    }
}


@router.post(
    "/dev/captioned_speech",
    response_class=Response,
    responses=refusals(400, 404, 408, 409, 413, 422, 429, 500, 503, 507) | CAPTIONED_ANSWER,
)
async def create_captioned_speech(
    body: CaptionedRequest, request: Request, service: Annotated[Service, Depends(service_of)]
) -> Response:
    """One JSON object a chunk and line; with `stream` false one for all.

    Each has `audio` in base64, `audio_format` (a media type) and `timestamps`: `word`, `start_time` and
    `end_time` in seconds.
    """
    response = await create_speech(body, request, service)
    if isinstance(response, SpeechResponse):
        response.body_iterator = _lines(response.body_iterator, body)
        response.headers["content-type"] = "application/json"
    return response


async def _lines(events: AsyncIterable[Any], body: CaptionedRequest) -> AsyncGenerator[bytes]:
    """Server-sent events as lines of JSON. Words that follow the last sound come with an empty one."""
    kind = media_type(body.response_format)
    async for event in events:
        content = json.loads(event.removeprefix(EVENT))
        words = content.get("timestamps", [])
        if "audio" in content or words:
            yield _line(content.get("audio", ""), kind, words if body.return_timestamps else None)


def _line(audio: str, audio_format: str, timestamps: list[dict[str, Any]] | None) -> bytes:
    answer = {"audio": audio, "audio_format": audio_format, "timestamps": timestamps}
    return json.dumps(answer).encode() + b"\n"
