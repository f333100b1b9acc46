"""Recordings: what is spoken, and what is read as a prompt."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

from muspeaker import subtitles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

PROMPT_MIN_SECONDS = 1.0
PROMPT_MAX_SECONDS = 30.0
SOURCE_MIN_SECONDS = 0.3
SOURCE_MAX_SECONDS = 60.0
MIN_RATE_HZ = 4000
MAX_RATE_HZ = 768_000
SILENCE_LEVEL = 1e-4  # -80 dB of full scale
MAX_CHANNELS = 8

# suffix: (container, coding) of libsndfile
_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".pcm": ("RAW", "PCM_16"),
}
_OPUS_RATE_HZ = 24000  # Opus takes no 22.05 kHz


@dataclass(frozen=True)
class Span:
    """A word or a phone, with its start and end in seconds.

    A word has its punctuation in `mark`, one of `,.?!` or empty, and in a dialogue the name of who
    says it in `speaker`.
    """

    text: str
    start: float
    end: float
    mark: str = ""
    speaker: str = ""


@dataclass(frozen=True, eq=False)
class Audio:
    """Speech with the times of its words and phones.

    Attributes:
        samples: (samples,) float32, full scale 1; (samples, 2), left and right, if it is stereo.
        sample_rate: Samples per second.
        words: Written words, after numbers and abbreviations were spelled out, with their times.
        phones: Phones with their times; pauses are the gaps between them.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    words: list[Span] = field(default_factory=list)
    phones: list[Span] = field(default_factory=list)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def channels(self) -> int:
        """1, or 2 if it is stereo."""
        return 1 if self.samples.ndim == 1 else int(self.samples.shape[1])

    @classmethod
    def join(cls, chunks: Iterable[Audio]) -> Audio:
        """One recording from several of the same rate, end to end.

        Raises:
            ValueError: If there is none, or their rates or channels differ.
        """
        parts = list(chunks)
        rates = {part.sample_rate for part in parts}
        if len(rates) != 1:
            raise ValueError(
                f"expected chunks of one sample rate, got {sorted(rates) or 'no chunks'}"
            )
        counts = {part.channels for part in parts}
        if len(counts) != 1:
            raise ValueError(f"expected chunks of as many channels, got {sorted(counts)}")
        words: list[Span] = []
        phones: list[Span] = []
        start = 0.0
        for part in parts:
            words += _shifted(part.words, start)
            phones += _shifted(part.phones, start)
            start += part.duration
        samples = np.concatenate([part.samples for part in parts])
        return cls(samples, parts[0].sample_rate, words, phones)

    def encode(self, suffix: str = ".wav") -> bytes:
        """The contents of a sound file.

        Args:
            suffix: `.wav` (16 bit), `.flac`, `.ogg`, `.opus`, `.mp3`, `.aiff`, `.au`, or `.pcm`: samples of
                16 bits alone, little-endian, channels in turns.

        Raises:
            ValueError: If the suffix is none of these.
        """
        container, coding = _format(suffix)
        samples, rate = np.clip(self.samples, -1.0, 1.0), self.sample_rate
        if coding == "OPUS":
            samples, rate = soxr.resample(samples, rate, _OPUS_RATE_HZ), _OPUS_RATE_HZ
        buffer = io.BytesIO()
        endian = "LITTLE" if container == "RAW" else None
        soundfile.write(buffer, samples, rate, coding, endian, container)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a sound file, its format by the suffix. An interrupted write leaves nothing behind.

        Raises:
            ValueError: If the suffix names no known format.
            FileNotFoundError: If the folder does not exist.
        """
        path = Path(path)
        check_sound_path(path)
        write_whole(path, self.encode(path.suffix))

    def panned(self, position: float) -> Audio:
        """The same in stereo, as loud from any place.

        Args:
            position: -1 is left, 0 the middle, 1 right.

        Raises:
            ValueError: If it is stereo already, or the position is out of range.
        """
        if self.samples.ndim != 1:
            raise ValueError(f"expected one channel to place, got {self.channels}")
        if not -1 <= position <= 1:
            raise ValueError(f"position must be -1 to 1, got {position}")
        angle = (position + 1) * np.pi / 4
        gains = np.array([np.cos(angle), np.sin(angle)], np.float32)  # of constant power
        stereo = np.ascontiguousarray(self.samples[:, None] * gains)
        return replace(self, samples=stereo)

    def to_srt(self) -> str:
        """Subtitles of the words in SubRip: one cue a sentence, or several where it is long."""
        return subtitles.to_srt(subtitles.cues(self.words, self.duration))

    def to_vtt(self) -> str:
        """The same in WebVTT, with the speakers of a dialogue."""
        return subtitles.to_vtt(subtitles.cues(self.words, self.duration))

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.encode(".wav")).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'

    def __repr__(self) -> str:
        words = " ".join(word.text for word in self.words[:6])
        more = " …" if len(self.words) > 6 else ""
        return f"Audio({self.duration:.2f} s, {self.sample_rate} Hz, {words + more!r})"


def _shifted(spans: Sequence[Span], seconds: float) -> list[Span]:
    return [replace(span, start=span.start + seconds, end=span.end + seconds) for span in spans]


def _format(suffix: str) -> tuple[str, str]:
    """Container and coding."""
    known = _FORMATS.get(suffix.lower())
    if known is None:
        raise ValueError(f"unknown sound format {suffix!r}: expected {', '.join(_FORMATS)}")
    return known


def check_sound_path(path: Path) -> None:
    """Raise what `Audio.save` would for this path, before there is anything to save."""
    if not path.suffix:
        raise ValueError(f"no file suffix in {str(path)!r}: expected {', '.join(_FORMATS)}")
    _format(path.suffix)
    check_path(path)


def check_path(path: Path) -> None:
    """Raise OSError if no file can be written there."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {str(path)!r}: it is a folder")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it, so that no reader sees half of it."""
    check_path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_prompt(prompt: object) -> tuple[NDArray[np.float32], int]:
    """Bring a prompt of any kind to one checked channel.

    Args:
        prompt: A path to a sound file of any rate, channel count and format that libsndfile reads;
            or (samples, sample_rate) with samples (samples,) or (samples, channels) of any integer or
            floating dtype; or an Audio.

    Returns:
        (samples,) float32 with peaks of at most 1, the first 30 s, and the rate in Hz.

    Raises:
        FileNotFoundError: If the file does not exist.
        TypeError: If the prompt or its dtype is of another kind.
        ValueError: If it is no sound file, misshapen, shorter than 1 s, silent or not finite.
    """
    return _read(prompt, "prompt", PROMPT_MIN_SECONDS, PROMPT_MAX_SECONDS)


def read_source(source: object) -> tuple[NDArray[np.float32], int]:
    """`read_prompt` for a recording that is converted: all of it, 0.3 to 60 s.

    Raises:
        FileNotFoundError: As `read_prompt`.
        TypeError: As `read_prompt`.
        ValueError: As `read_prompt`, or if it is longer.
    """
    longest = SOURCE_MAX_SECONDS
    samples, rate = _read(source, "source", SOURCE_MIN_SECONDS, longest + 1)
    if len(samples) > longest * rate:
        raise ValueError(f"source is too long: expected at most {longest:g} s, got more")
    return samples, rate


def _read(
    recording: object, role: str, min_seconds: float, max_seconds: float
) -> tuple[NDArray[np.float32], int]:
    """The first max_seconds, checked; `role` begins the texts of errors."""
    if isinstance(recording, Audio):
        recording = (recording.samples, recording.sample_rate)
    if isinstance(recording, (str, os.PathLike)):
        samples, rate = _read_file(Path(os.fspath(recording)), role, max_seconds)
    elif isinstance(recording, (tuple, list)) and len(recording) == 2:
        rate = _checked_rate(recording[1])
        samples = _read_array(recording[0], role, int(max_seconds * rate))
    else:
        count = f" of {len(recording)}" if isinstance(recording, (tuple, list)) else ""
        raise TypeError(
            f"{role} must be a path, (samples, sample_rate) or an Audio, "
            f"got {type(recording).__name__}{count}"
        )
    return _checked(samples, rate, role, min_seconds), rate


def resample(samples: NDArray[np.float32], rate_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Resample (samples,) float32, as the training speech was."""
    if rate_hz == to_hz:
        return np.ascontiguousarray(samples, dtype=np.float32)
    return np.ascontiguousarray(soxr.resample(samples, rate_hz, to_hz, "VHQ"), dtype=np.float32)


def _read_file(path: Path, role: str, max_seconds: float) -> tuple[NDArray[np.float64], int]:
    if not path.exists():
        raise FileNotFoundError(f"{role} file {str(path)!r} does not exist")
    if path.is_dir():
        raise IsADirectoryError(f"{role} {str(path)!r} is a folder: expected a sound file")
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            samples = file.read(int(max_seconds * rate), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{role} {str(path)!r} is no readable sound file: {error}") from error
    return samples.mean(axis=1), _checked_rate(rate)


def _checked_rate(rate: object) -> int:
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.integer, np.floating)):
        raise TypeError(f"sample_rate must be an int, got {type(rate).__name__}")
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ or int(rate) != rate:
        raise ValueError(
            f"sample_rate must be a whole number of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz, got {rate}"
        )
    return int(rate)


def _read_array(array: Any, role: str, max_samples: int) -> NDArray[np.float64]:
    array = np.asarray(array)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{role} samples must be integers or floats, got dtype {array.dtype}")
    if array.ndim == 2 and array.shape[0] <= MAX_CHANNELS < array.shape[1]:
        array = array.T  # (channels, samples), as librosa gives
    if array.ndim not in {1, 2} or (array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS):
        raise ValueError(
            f"{role} samples must have shape (samples,) or (samples, channels) with at most "
            f"{MAX_CHANNELS} channels, got {array.shape}"
        )
    array = array[:max_samples]
    scaled: NDArray[np.float64] = array.astype(np.float64)
    if array.dtype.kind in "iu":
        full_scale = float(2 ** (8 * array.dtype.itemsize - 1))
        scaled = (scaled - (full_scale if array.dtype.kind == "u" else 0.0)) / full_scale
    mono: NDArray[np.float64] = scaled if scaled.ndim == 1 else scaled.mean(axis=1)
    return mono


def _checked(
    samples: NDArray[np.float64], rate_hz: int, role: str, min_seconds: float
) -> NDArray[np.float32]:
    seconds = len(samples) / rate_hz
    if seconds < min_seconds:
        raise ValueError(
            f"{role} is too short: expected at least {min_seconds:g} s, got {seconds:.2f} s"
        )
    finite = np.isfinite(samples)
    if not finite.all():
        at = int(np.argmin(finite))
        raise ValueError(f"{role} has non-finite samples: the first is {samples[at]} at index {at}")
    peak = float(np.abs(samples).max())
    samples = samples / max(1.0, peak)
    level = float(np.sqrt(np.mean((samples - samples.mean()) ** 2)))
    if level < SILENCE_LEVEL:
        raise ValueError(
            f"{role} is silent: expected a level of at least {SILENCE_LEVEL:g}, got {level:.1e}"
        )
    return samples.astype(np.float32)
