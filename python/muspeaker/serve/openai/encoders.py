"""Speech to bytes of a sound format, while it is being spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, get_args

import av
import av.audio.stream
import numpy as np
import soxr

from muspeaker.sound.samples import OPUS_RATE_HZ, to_int16, wav_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PCM_RATE_HZ = 24000  # what the OpenAI API sends
LOSSY_RATES_HZ = frozenset({16000, 22050, 24000, 32000, 44100, 48000})
BITS_A_SECOND = 64000


class Encoder(Protocol):
    """Takes speech chunk by chunk. The bytes that it returns, joined, are one file."""

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Bytes that are ready after (samples,) float32 more; may be empty."""
        ...

    def finish(self) -> bytes:
        """The last bytes, after all samples."""
        ...

    def close(self) -> None:
        """Release everything, finished or not."""
        ...


class Pcm:
    """Headerless 16-bit little-endian samples at 24 kHz, as the OpenAI API sends them."""

    def __init__(self, rate_hz: int) -> None:
        self._resampler = _Resampler(rate_hz, PCM_RATE_HZ)

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Resampled samples."""
        return to_int16(self._resampler.feed(samples)).tobytes()

    def finish(self) -> bytes:
        """The samples that the resampler still holds."""
        return to_int16(self._resampler.finish()).tobytes()

    def close(self) -> None:
        """Nothing is held."""


class Wav:
    """16-bit WAV at the model's own rate. Its header says that the length is unknown."""

    def __init__(self, rate_hz: int) -> None:
        self._header = wav_header(rate_hz)

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """The header once, and samples."""
        header, self._header = self._header, b""
        return header + to_int16(samples).tobytes()

    def finish(self) -> bytes:
        """The header, if nothing was spoken."""
        return self._header

    def close(self) -> None:
        """Nothing is held."""


class Compressed:
    """A codec and a container of FFmpeg.

    Args:
        rate_hz: Sample rate of the speech.
        container: Name of the muxer.
        codec: Name of the encoder.
        coded_rate_hz: Sample rate of the file. The speech is resampled where it differs.
        bit_rate: Bits per second of a lossy codec.
        options: Options of the muxer.
    """

    def __init__(
        self,
        rate_hz: int,
        container: str,
        codec: str,
        *,
        coded_rate_hz: int,
        bit_rate: int | None,
        options: dict[str, str],
    ) -> None:
        self._resampler = _Resampler(rate_hz, coded_rate_hz)
        self._rate_hz = coded_rate_hz
        self._sink = _Sink()
        options = options | {"fflags": "+bitexact"}  # no random serial number, no version string
        self._container = av.open(self._sink, "w", format=container, container_options=options)
        stream = self._container.add_stream(codec, rate=coded_rate_hz, layout="mono")
        assert isinstance(stream, av.audio.stream.AudioStream)
        self._stream = stream
        self._stream.codec_context.thread_count = 1
        if bit_rate is not None:
            self._stream.bit_rate = bit_rate
        self._num_samples = 0

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """The packets that are complete."""
        self._write(self._resampler.feed(samples))
        return self._sink.take()

    def finish(self) -> bytes:
        """The last packets and the end of the container."""
        self._write(self._resampler.finish())
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()

    def close(self) -> None:
        """Free the codec; a second time is harmless."""
        self._container.close()

    def _write(self, samples: NDArray[np.float32]) -> None:
        if not samples.size:
            return
        frame = av.AudioFrame.from_ndarray(to_int16(samples)[None], format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        frame.pts = self._num_samples
        self._num_samples += samples.size
        self._container.mux(self._stream.encode(frame))


class _Sink:
    """A file without seek, so that the muxer never rewrites its header."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class _Resampler:
    """Streaming resampler: its chunks, joined, equal the whole resampled at once."""

    def __init__(self, rate_hz: int, to_hz: int) -> None:
        self._stream = None
        if rate_hz != to_hz:
            self._stream = soxr.ResampleStream(rate_hz, to_hz, 1, dtype="float32", quality="HQ")

    def feed(self, samples: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        if self._stream is None:
            return samples
        resampled: NDArray[np.float32] = self._stream.resample_chunk(samples, last=last)
        return resampled

    def finish(self) -> NDArray[np.float32]:
        return self.feed(np.zeros(0, np.float32), last=True)


def _mp3(rate_hz: int) -> Encoder:
    options = {"id3v2_version": "0", "write_xing": "0"}  # without the header that states the length
    return _lossy(rate_hz, "mp3", "libmp3lame", options)


def _aac(rate_hz: int) -> Encoder:
    return _lossy(rate_hz, "adts", "aac", {})


def _lossy(rate_hz: int, container: str, codec: str, options: dict[str, str]) -> Encoder:
    coded_rate_hz = rate_hz if rate_hz in LOSSY_RATES_HZ else PCM_RATE_HZ
    return Compressed(
        rate_hz,
        container,
        codec,
        coded_rate_hz=coded_rate_hz,
        bit_rate=BITS_A_SECOND,
        options=options,
    )


def _opus(rate_hz: int) -> Encoder:
    options = {"page_duration": "100000"}  # microseconds; the default waits for a whole second
    return Compressed(
        rate_hz,
        "ogg",
        "libopus",
        coded_rate_hz=OPUS_RATE_HZ,
        bit_rate=BITS_A_SECOND,
        options=options,
    )


def _flac(rate_hz: int) -> Encoder:
    return Compressed(rate_hz, "flac", "flac", coded_rate_hz=rate_hz, bit_rate=None, options={})


Format: TypeAlias = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

# response_format: media type, encoder
_ENCODERS: dict[Format, tuple[str, Callable[[int], Encoder]]] = {
    "mp3": ("audio/mpeg", _mp3),
    "opus": ("audio/ogg", _opus),
    "aac": ("audio/aac", _aac),
    "flac": ("audio/flac", _flac),
    "wav": ("audio/wav", Wav),
    "pcm": ("audio/pcm", Pcm),
}
FORMATS: tuple[Format, ...] = tuple(_ENCODERS)
assert get_args(Format) == FORMATS  # a type cannot be made from a dict's keys


def media_type(response_format: Format) -> str:
    """The Content-Type of a format."""
    return _ENCODERS[response_format][0]


def encoder(response_format: Format, rate_hz: int) -> Encoder:
    """A new encoder of one of `FORMATS` for speech at a rate in Hz."""
    return _ENCODERS[response_format][1](rate_hz)
