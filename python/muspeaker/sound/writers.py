"""Sound files of every format, written block by block, with bit rate, metadata and chapters."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from muspeaker.sound.id3 import FRAMES, id3_tag
from muspeaker.sound.media import MISSING
from muspeaker.sound.samples import OPUS_RATE_HZ, to_int16

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import soundfile
    from numpy.typing import NDArray

    from muspeaker.sound.span import Span

BLOCK_SAMPLES = 1 << 16  # samples an encoder is given at once; Vorbis overflows the stack with all
METADATA_KEYS = tuple(FRAMES)
SYNTHETIC = "Synthetic speech by muspeaker"

# suffix: (container, coding) of libsndfile
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".pcm": ("RAW", "PCM_16"),
}
MEDIA_FORMATS = (".m4a", ".m4b")  # by FFmpeg: AAC in MP4 (extra: media)
ALL_FORMATS = (*FORMATS, *MEDIA_FORMATS)
# Samples of more bits, where the format has them; 32 is float.
CODINGS_BY_BITS = {
    ".wav": {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"},
    ".flac": {16: "PCM_16", 24: "PCM_24"},
    ".aiff": {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"},
    ".au": {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"},
}
WITHOUT_METADATA = (".au", ".pcm")
WITH_CHAPTERS = (".mp3", *MEDIA_FORMATS)
WITH_BIT_RATE = (".mp3", ".opus", *MEDIA_FORMATS)
MIN_BIT_RATE = 8_000
MAX_BIT_RATE = 320_000
DEFAULT_AAC_BIT_RATE = 64_000


class Writer(Protocol):
    """Takes samples; the file is complete once it is closed."""

    def write(self, samples: NDArray[np.float32]) -> None: ...  # noqa: D102 (the class says it)

    def close(self) -> None: ...  # noqa: D102


def known_suffix(suffix: object) -> str:
    """The suffix of a format in lower case, with its dot; it may be given without.

    Raises:
        TypeError: If it is no string.
        ValueError: If it is unknown.
    """
    if not isinstance(suffix, str):
        raise TypeError(f"format must be a str such as 'wav', got {type(suffix).__name__}")
    found = f".{suffix.lower().removeprefix('.')}"
    if found not in ALL_FORMATS:
        raise ValueError(f"unknown sound format {suffix!r}: expected {', '.join(ALL_FORMATS)}")
    return found


def open_writer(
    file: IO[bytes],
    suffix: str,
    rate_hz: int,
    channels: int = 1,
    *,
    bit_rate: int | None = None,
    metadata: Mapping[str, str] | None = None,
    chapters: Sequence[Span] = (),
    bits: int | None = None,
) -> Writer:
    """Begin a sound file.

    Args:
        file: Opened for writing in binary mode; one that can be searched.
        suffix: Format, one of `ALL_FORMATS`.
        rate_hz: Samples per second.
        channels: 1 or 2.
        bit_rate: Bits per second of a format that loses some; None is the encoder's own choice.
        metadata: Texts by the keys `METADATA_KEYS`.
        chapters: Titles with their times, for `WITH_CHAPTERS`; others drop them.
        bits: Bits of a sample, which those of a file with as many keep exactly: 16, 24, or 32 for float.
            None is 16, by the scale of sound cards.

    Raises:
        ValueError: If the format has no bit rate, no metadata or no such samples, or they cannot be
            understood.
        RuntimeError: If the format needs the extra `media`, which is missing.
    """
    texts = checked_metadata(metadata, suffix)
    check_bit_rate(bit_rate, suffix)
    check_bits(bits, suffix)
    if suffix in MEDIA_FORMATS:
        return _MediaWriter(file, rate_hz, channels, bit_rate, texts, chapters)
    if suffix == ".mp3":
        tag = id3_tag(texts, chapters)
        file.write(tag)
        file, texts = _After(file, len(tag)), {}  # type: ignore[assignment]  # what libsndfile calls is there
    if bits is not None:
        return _ExactWriter(file, suffix, rate_hz, channels, bits, texts)
    return _SoundWriter(file, suffix, rate_hz, channels, bit_rate, texts)


def check_bit_rate(bit_rate: object, suffix: str) -> None:
    """Raise an error if a file of this format cannot have this bit rate."""
    if bit_rate is None:
        return
    if isinstance(bit_rate, bool) or not isinstance(bit_rate, (int, np.integer)):
        raise TypeError(f"bit_rate must be an int, got {type(bit_rate).__name__}")
    if suffix not in WITH_BIT_RATE:
        names = ", ".join(WITH_BIT_RATE)
        raise ValueError(f"a {suffix} file has no bit rate to choose: expected one of {names}")
    if not MIN_BIT_RATE <= bit_rate <= MAX_BIT_RATE:
        hint = f"; did you mean {1000 * bit_rate}?" if 8 <= bit_rate <= 320 else ""
        raise ValueError(
            f"bit_rate must be {MIN_BIT_RATE} to {MAX_BIT_RATE} bits a second, got {bit_rate}{hint}"
        )


def check_bits(bits: object, suffix: str) -> None:
    """Raise ValueError if a file of this format cannot have samples of so many bits."""
    if bits is None:
        return
    known = CODINGS_BY_BITS.get(suffix, {})
    if bits not in known:
        expected = f"expected {' or '.join(map(str, known))}" if known else "it has none to choose"
        raise ValueError(f"a {suffix} file has no samples of {bits!r} bits: {expected}")


def checked_metadata(metadata: object, suffix: str) -> dict[str, str]:
    """Metadata for a file of this format; raises an error if it cannot hold it."""
    if not metadata:
        return {}
    if not hasattr(metadata, "items"):
        raise TypeError(f"metadata must be a dict of texts, got {type(metadata).__name__}")
    if suffix in WITHOUT_METADATA:
        raise ValueError(f"a {suffix} file holds no metadata")
    for key, text in metadata.items():
        if key not in METADATA_KEYS:
            raise ValueError(f"unknown metadata {key!r}: expected {', '.join(METADATA_KEYS)}")
        if not isinstance(text, str):
            raise TypeError(f"metadata {key!r} must be a str, got {type(text).__name__}")
    return dict(metadata.items())


def tagged(metadata: Mapping[str, str] | None, suffix: str) -> Mapping[str, str] | None:
    """Metadata whose comment says that the speech is synthetic, where a file of this format has any."""
    if suffix in WITHOUT_METADATA or not hasattr(
        metadata or {}, "items"
    ):  # which is an error later
        return metadata
    comment: object = (metadata or {}).get("comment")
    if not comment:
        return {**(metadata or {}), "comment": SYNTHETIC}
    if not isinstance(comment, str) or SYNTHETIC in comment:
        return metadata
    return {**(metadata or {}), "comment": f"{comment} ({SYNTHETIC})"}


class _SoundWriter:
    """By libsndfile."""

    def __init__(
        self,
        file: IO[bytes],
        suffix: str,
        rate_hz: int,
        channels: int,
        bit_rate: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        import soundfile  # noqa: PLC0415 (a stream needs none of it)

        container, coding = FORMATS[suffix]
        self._resampler = None
        if coding == "OPUS" and rate_hz != OPUS_RATE_HZ:
            import soxr  # noqa: PLC0415 (likewise)

            self._resampler = soxr.ResampleStream(rate_hz, OPUS_RATE_HZ, channels, "float32", "HQ")
            rate_hz = OPUS_RATE_HZ
        options: dict[str, Any] = {}
        if bit_rate is not None:
            options["compression_level"] = _compression(suffix, rate_hz, channels, bit_rate)
            if suffix == ".mp3":
                options["bitrate_mode"] = "CONSTANT"
        endian = "LITTLE" if container == "RAW" else None
        self._file = soundfile.SoundFile(
            file, "w", rate_hz, channels, coding, endian, container, **options
        )
        self._last = _metadata_at_end(self._file, metadata)

    def write(self, samples: NDArray[np.float32]) -> None:
        samples = np.clip(samples, -1.0, 1.0)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._put(samples)

    def close(self) -> None:
        if self._resampler is not None:
            shape = (0,) if self._file.channels == 1 else (0, self._file.channels)
            self._put(self._resampler.resample_chunk(np.zeros(shape, np.float32), last=True))
        _tell(self._file, self._last)
        self._file.close()

    def _put(self, samples: NDArray[np.float32]) -> None:
        for first in range(0, len(samples), BLOCK_SAMPLES):
            self._file.write(samples[first : first + BLOCK_SAMPLES])


class _ExactWriter:
    """By libsndfile, so that integers become what they were read from."""

    def __init__(
        self,
        file: IO[bytes],
        suffix: str,
        rate_hz: int,
        channels: int,
        bits: int,
        metadata: Mapping[str, str],
    ) -> None:
        import soundfile  # noqa: PLC0415 (a stream needs none of it)

        container, coding = FORMATS[suffix][0], CODINGS_BY_BITS[suffix][bits]
        self._bits = bits
        self._file = soundfile.SoundFile(file, "w", rate_hz, channels, coding, None, container)
        self._last = _metadata_at_end(self._file, metadata)

    def write(self, samples: NDArray[np.float32]) -> None:
        if self._bits == 32:
            self._file.write(samples)
            return
        steps = 2 ** (self._bits - 1)
        integers = np.clip(np.rint(samples * np.float64(steps)), -steps, steps - 1)
        self._file.write(integers.astype(np.int32) << (32 - self._bits))

    def close(self) -> None:
        _tell(self._file, self._last)
        self._file.close()


def _metadata_at_end(file: soundfile.SoundFile, metadata: Mapping[str, str]) -> Mapping[str, str]:
    """Write metadata, but for that of a WAV file, which is returned: many a reader takes its head for 44 bytes."""
    if file.format == "WAV":
        return metadata
    _tell(file, metadata)
    return {}


def _tell(file: soundfile.SoundFile, metadata: Mapping[str, str]) -> None:
    for key, text in metadata.items():
        setattr(file, key, text)


def _compression(suffix: str, rate_hz: int, channels: int, bit_rate: int) -> float:
    """What libsndfile takes for a bit rate: 0 is the highest that the codec has at this sample rate, 1 the lowest."""
    low, high = 6_000 * channels, 256_000 * channels
    if suffix == ".mp3":  # of MPEG-1, MPEG-2 and MPEG-2.5
        low, high = (32_000, 320_000) if rate_hz >= 32_000 else (8_000, 160_000)
        if rate_hz < 16_000:
            high = 64_000
    return min(max((high - bit_rate) / (high - low), 0.0), 0.999)


class _After:
    """The rest of a file, after a head that stays: at its end, libsndfile writes the beginning of an MP3 file anew."""

    def __init__(self, file: IO[bytes], head_bytes: int) -> None:
        self._file = file
        self._head_bytes = head_bytes
        self.read = file.read
        self.write = file.write

    def tell(self) -> int:
        return self._file.tell() - self._head_bytes

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        shift = self._head_bytes if whence == os.SEEK_SET else 0
        return self._file.seek(offset + shift, whence) - self._head_bytes


class _MediaWriter:
    """AAC in an MP4 file, by FFmpeg."""

    def __init__(
        self,
        file: IO[bytes],
        rate_hz: int,
        channels: int,
        bit_rate: int | None,
        metadata: Mapping[str, str],
        chapters: Sequence[Span],
    ) -> None:
        try:
            import av  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError as error:
            raise RuntimeError(MISSING) from error
        self._new_frame = av.AudioFrame.from_ndarray
        self._layout = "mono" if channels == 1 else "stereo"
        self._rate_hz = rate_hz
        self._container = av.open(file, "w", format="ipod")
        self._container.metadata.update(metadata)
        self._container.set_chapters([_chapter(n, c) for n, c in enumerate(chapters)])
        self._stream = self._container.add_stream("aac", rate=rate_hz, layout=self._layout)
        self._stream.bit_rate = bit_rate or DEFAULT_AAC_BIT_RATE * channels
        self._num_samples = 0

    def write(self, samples: NDArray[np.float32]) -> None:
        for first in range(0, len(samples), BLOCK_SAMPLES):
            block = to_int16(samples[first : first + BLOCK_SAMPLES]).reshape(1, -1)
            frame = self._new_frame(block, format="s16", layout=self._layout)
            frame.sample_rate = self._rate_hz
            frame.pts = self._num_samples
            self._num_samples += frame.samples
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def _chapter(number: int, chapter: Span) -> Any:
    from fractions import Fraction  # noqa: PLC0415 (files without chapters need none)

    return {
        "id": number,
        "start": round(1000 * chapter.start),
        "end": round(1000 * chapter.end),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": chapter.text},
    }
