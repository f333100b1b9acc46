"""What clients of Kokoro-FastAPI ask for beyond OpenAI's fields: word times, whole answers, other names of options."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from muspeaker.options import OPTIONS
from muspeaker.sound.audio import Audio
from muspeaker.sound.samples import WAV_HEADER_BYTES, wav_header

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from muspeaker.stream import SpeechStream

# Its letters for languages, as tags.
LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "cmn",
}
WAV_MAGIC, FLAC_MAGIC = b"RIFF", b"fLaC"
FLAC_SIZES = slice(18, 26)  # of the file: rate, channels, bits and number of samples
FLAC_SAMPLES_BITS = 36


class KokoroFields(BaseModel):
    """Fields that Kokoro-FastAPI has and OpenAI has not."""

    stream: bool = Field(
        default=True,
        description="false: the answer comes in one piece, whose header states its length.",
    )
    lang_code: str | None = Field(
        default=None,
        description="A language tag, or Kokoro's letter for one; `language` goes first.",
    )
    volume_multiplier: float | None = Field(
        default=None,
        description=OPTIONS["volume"].help,
        ge=OPTIONS["volume"].low,
        le=OPTIONS["volume"].high,
    )
    normalization_options: dict[str, Any] | None = Field(default=None, description="Ignored.")

    def kokoro_options(self) -> dict[str, Any]:
        """The options of `Synthesizer.synthesize` that are given here."""
        options: dict[str, Any] = {}
        if self.volume_multiplier is not None:
            options["volume"] = self.volume_multiplier
        if self.lang_code:
            code = self.lang_code.strip().lower()
            options["language"] = LANGUAGES.get(code, code)
        return options


class WordTimes(Iterator[Audio]):
    """Chunks of speech; notes the words in them with their times in the whole answer.

    Args:
        chunks: Speech.
        tempo: Factor by which the answer is faster than these chunks.
        words: Takes the words: `word`, `start_time` and `end_time` in seconds.
    """

    def __init__(self, chunks: SpeechStream, tempo: float, words: list[dict[str, Any]]) -> None:
        self._chunks = chunks
        self._tempo = tempo
        self._words = words
        self._seconds = 0.0

    def __next__(self) -> Audio:
        chunk = next(self._chunks)
        self._words += [
            {
                "word": word.text,
                "start_time": round((self._seconds + word.start) / self._tempo, 4),
                "end_time": round((self._seconds + word.end) / self._tempo, 4),
            }
            for word in chunk.words
        ]
        self._seconds += chunk.duration
        return chunk

    def close(self) -> None:
        """Speak no further chunk."""
        self._chunks.close()


async def in_one_piece(
    chunks: AsyncGenerator[bytes], count: Callable[[], int], rate_hz: int
) -> AsyncGenerator[bytes]:
    """A whole file as one chunk; the header of a WAV or FLAC file states its length.

    Args:
        chunks: The file as it is streamed.
        count: Says how many samples were spoken, once the chunks are at their end.
        rate_hz: Rate of the speech.
    """
    data = b"".join([chunk async for chunk in chunks])
    yield with_length(data, count(), rate_hz)


def with_length(data: bytes, num_samples: int, rate_hz: int) -> bytes:
    """A file whose header states how many samples follow, where it is a streamed WAV or FLAC file (RFC 9639, 8.2)."""
    if data.startswith(WAV_MAGIC):
        return wav_header(rate_hz, num_samples) + data[WAV_HEADER_BYTES:]
    if data.startswith(FLAC_MAGIC):
        (sizes,) = struct.unpack(">Q", data[FLAC_SIZES])
        sizes = sizes >> FLAC_SAMPLES_BITS << FLAC_SAMPLES_BITS | num_samples
        return data[: FLAC_SIZES.start] + struct.pack(">Q", sizes) + data[FLAC_SIZES.stop :]
    return data
