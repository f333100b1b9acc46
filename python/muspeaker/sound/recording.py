"""Recordings: reading, checking and resampling."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from muspeaker.sound import media
from muspeaker.sound.audio import Audio
from muspeaker.sound.collected import Collected, CollectedChannels, Wanted
from muspeaker.sound.files import check_readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What is taken for a recording: a path to a sound file, its bytes, an open file, (samples, sample_rate), an Audio.
RecordingLike: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | tuple[ArrayLike, int]
    | tuple[int, ArrayLike]
    | Audio
)
KINDS = "a path, the bytes of a sound file, an open file, (samples, sample_rate) or an Audio"

PROMPT_MIN_SECONDS = 1.0
PROMPT_MAX_SECONDS = 30.0
PROMPT_BEST_SECONDS = (5.0, 15.0)
PROMPT_ADVICE = (
    f"at least {PROMPT_MIN_SECONDS:g} s, best {PROMPT_BEST_SECONDS[0]:g} to "
    f"{PROMPT_BEST_SECONDS[1]:g} s; the first {PROMPT_MAX_SECONDS:g} s are used"
)
SOURCE_MIN_SECONDS = 0.3
SOURCE_MAX_SECONDS = 60.0
SEARCHED_MAX_SECONDS = 600.0
MIN_RATE_HZ = 4000
MAX_RATE_HZ = 768_000
SILENCE_LEVEL = 1e-4  # -80 dB of full scale
MAX_CHANNELS = 8
BLOCK_VALUES = 1 << 20  # samples of all channels that are read at once
MAX_SKIPPED_SECONDS = 600.0  # of silence before a prompt

SAMPLE_DUMP = rb"(?s)\xf0\x7e.\x01"  # libsndfile writes to standard output where one is damaged

_URL = re.compile(r"[a-z][a-z0-9+.-]+:/{1,2}[^/]", re.IGNORECASE)  # Path takes one slash away


def read_prompt(prompt: RecordingLike) -> tuple[NDArray[np.float32], int]:
    """Read a prompt of any kind as one checked channel.

    Args:
        prompt: A path to a sound file of any rate and channel count, its bytes, or the file opened in binary
            mode: all that libsndfile reads, and with the extra `media` M4A, AAC, WebM, MP4, 3GP and AMR;
            or (samples, sample_rate), in either order, with samples (samples,) or (samples, channels) of
            any integer or floating dtype, also of a torch tensor; or an Audio.

    Returns:
        (samples,) float32 with peaks of at most 1, the first 30 s after silence, and the rate in Hz.

    Raises:
        FileNotFoundError: If the file does not exist.
        TypeError: If the prompt or its dtype is of another kind.
        ValueError: If it is no sound file, misshapen, shorter than 1 s, silent or not finite.
    """
    limits = (PROMPT_MIN_SECONDS, PROMPT_MAX_SECONDS)
    return _read(prompt, "prompt", limits, skip_seconds=MAX_SKIPPED_SECONDS)


def read_source(source: RecordingLike) -> tuple[NDArray[np.float32], int]:
    """Read a recording that is to be converted: all of it, 0.3 to 60 s; else as `read_prompt`.

    Raises:
        FileNotFoundError: As `read_prompt`.
        TypeError: As `read_prompt`.
        ValueError: As `read_prompt`, or if it is longer.
    """
    longest = SOURCE_MAX_SECONDS
    samples, rate = _read(source, "source", (SOURCE_MIN_SECONDS, longest + 1))
    if len(samples) > longest * rate:
        raise ValueError(f"source is too long: expected at most {longest:g} s, got more")
    return samples, rate


def read_channels(recording: RecordingLike) -> tuple[NDArray[np.float32], int]:
    """Read a recording that is to be edited: 0.3 to 60 s, in all its channels, its samples as they are.

    Args:
        recording: As `read_prompt`; at most 2 channels. Of what FFmpeg reads, it is the mean of them.

    Returns:
        (samples, channels) float32 and the rate in Hz. Samples of 16 and 24 bits are exact.

    Raises:
        FileNotFoundError: As `read_prompt`.
        TypeError: As `read_prompt`.
        ValueError: As `read_source`, or if there are more channels.
    """
    longest = SOURCE_MAX_SECONDS
    samples, rate = _collect(recording, "recording", Wanted(CollectedChannels, longest + 1))
    if samples.shape[1] > 2:
        raise ValueError(f"recording has {samples.shape[1]} channels: expected 1 or 2")
    if len(samples) > longest * rate:
        raise ValueError(f"recording is too long: expected at most {longest:g} s, got more")
    _checked(samples, rate, "recording", SOURCE_MIN_SECONDS)
    return samples.astype(np.float32), rate


def read_searched(recording: RecordingLike, min_seconds: float) -> tuple[NDArray[np.float32], int]:
    """Read a recording that something is searched in: the first ten minutes; else as `read_source`.

    Args:
        recording: As `read_prompt`.
        min_seconds: Least length.

    Raises:
        FileNotFoundError: As `read_prompt`.
        TypeError: As `read_prompt`.
        ValueError: As `read_prompt`.
    """
    return _read(recording, "recording", (min_seconds, SEARCHED_MAX_SECONDS))


def sample_bits(path: str | os.PathLike[str]) -> int:
    """Bits of a sample in a sound file, as `Audio.save` takes them: 16, 24 or 32; 16 if it is compressed."""
    import soundfile  # noqa: PLC0415 (speaking needs none of it)

    try:
        coding = soundfile.info(path).subtype
    except soundfile.LibsndfileError:  # FFmpeg's, which are compressed
        return 16
    return {"PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 32}.get(coding, 16)


def _read(
    recording: object, role: str, limits: tuple[float, float], *, skip_seconds: float = 0.0
) -> tuple[NDArray[np.float32], int]:
    """What the limits in seconds let through, checked. Error messages begin with `role`.

    Args:
        recording: What the caller gave.
        role: What it is to be.
        limits: Least length, and most; the rest is left out.
        skip_seconds: Silence at the start that is left out of a recording over the most, at most.
    """
    samples, rate = _collect(recording, role, Wanted(Collected, limits[1], skip_seconds))
    return _checked(samples, rate, role, limits[0]), rate


def _collect(recording: object, role: str, wanted: Wanted) -> tuple[NDArray[np.float64], int]:
    """What is wanted of a recording in any form, and its rate."""
    if isinstance(recording, Audio):
        recording = (recording.samples, recording.sample_rate)
    if isinstance(recording, (str, os.PathLike)):
        return _read_path(os.fspath(recording), role, wanted)
    if isinstance(recording, (bytes, bytearray, memoryview)):
        return _read_file(io.BytesIO(recording), f"{role} bytes", wanted)
    if hasattr(recording, "read"):
        return _read_file(io.BytesIO(read_bytes(recording, role)), f"{role} file", wanted)
    if isinstance(recording, (tuple, list)) and len(recording) == 2:
        array, rate = _samples_and_rate(*recording)
        most = int(wanted.skip_seconds * rate) + int(wanted.max_seconds * rate)
        return wanted.whole(_read_array(array, role, most), rate), rate
    raise TypeError(f"{role} must be {KINDS}, got {_kind(recording)}")


def read_bytes(file: Any, role: str) -> bytes:
    """The contents of an open file, from where it stands.

    Raises:
        TypeError: If it was opened as text.
    """
    data = file.read()
    if not isinstance(data, bytes):
        raise TypeError(f"{role} file gives {type(data).__name__}: open it with mode 'rb'")
    return data


def _kind(recording: object) -> str:
    """What a thing is that is no recording, and what is missing where it nearly is one."""
    kind = type(recording).__name__
    if hasattr(recording, "dtype"):
        return f"{kind} without its rate"
    return f"{kind} of {len(recording)}" if isinstance(recording, (tuple, list)) else kind


def _samples_and_rate(first: object, second: object) -> tuple[object, int]:
    """Samples and rate; some libraries give the rate first."""
    if isinstance(first, (int, float, np.integer, np.floating)) and np.ndim(_plain(second)) > 0:
        first, second = second, first
    return first, _checked_rate(second)


def _plain(array: Any) -> Any:
    """A tensor of PyTorch as NumPy takes it, wherever it is and whatever it is of; all else as it is."""
    if not hasattr(array, "detach"):
        return array
    array = array.detach().cpu()
    return array.float() if "bfloat16" in str(array.dtype) else array


def name_of(recording: RecordingLike) -> str:
    """What a voice of it is called where nobody says: the stem of its file's name, or "voice"."""
    path = (
        recording if isinstance(recording, (str, os.PathLike)) else getattr(recording, "name", None)
    )
    return Path(path).stem if isinstance(path, (str, os.PathLike)) else "voice"


def resample(samples: NDArray[np.float32], rate_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Resample (samples,) float32 with the quality used for the training speech."""
    if rate_hz == to_hz:
        return np.ascontiguousarray(samples, dtype=np.float32)
    import soxr  # noqa: PLC0415 (speaking needs none of it)

    return np.ascontiguousarray(soxr.resample(samples, rate_hz, to_hz, "VHQ"), dtype=np.float32)


def _read_path(path: str, role: str, wanted: Wanted) -> tuple[NDArray[np.float64], int]:
    if _URL.match(path) and not Path(path).exists():
        raise ValueError(f"{role} {path!r} is a URL: download it first, and give the file")
    check_readable(Path(path), f"{role} file")
    with Path(path).open("rb") as file:
        return _read_file(file, f"{role} {path!r}", wanted)


def _read_file(file: IO[bytes], role: str, wanted: Wanted) -> tuple[NDArray[np.float64], int]:
    import soundfile  # noqa: PLC0415 (speaking needs none of it)

    if re.match(SAMPLE_DUMP, file.read(4)):
        raise ValueError(f"{role} is no readable sound file: it is a MIDI sample dump")
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as sound:
            rate = _checked_rate(int(sound.samplerate))
            if sound.channels > MAX_CHANNELS:
                raise ValueError(
                    f"{role} has {sound.channels} channels: expected at most {MAX_CHANNELS}"
                )
            collected = wanted.begin(rate, sound.frames)
            block = max(1, BLOCK_VALUES // sound.channels)
            while not collected.is_full:
                part = sound.read(block, dtype="float64", always_2d=True)
                if not len(part):
                    break
                collected.add(part)
            return collected.finish(), rate
    except soundfile.LibsndfileError as refused:
        file.seek(0)
        fault = f"{role} is no readable sound file: {refused.error_string}"
        try:
            samples, rate = media.read_media(file, wanted.max_seconds)
        except ModuleNotFoundError as missing:
            formats = ", ".join(media.SUFFIXES)
            raise ValueError(f"{fault} For {formats}: {missing}") from refused
        except ValueError as error:
            raise ValueError(f"{fault} {error}") from error
        rate = _checked_rate(rate)
        return wanted.whole(samples.astype(np.float64)[:, None], rate), rate


def _checked_rate(rate: object) -> int:
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.integer, np.floating)):
        raise TypeError(f"sample_rate must be an int, got {type(rate).__name__}")
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ or int(rate) != rate:
        raise ValueError(
            f"sample_rate must be a whole number of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz, got {rate}"
        )
    return int(rate)


def _read_array(array: Any, role: str, max_samples: int) -> NDArray[np.float64]:
    array = np.asarray(_plain(array))
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
    with np.errstate(over="ignore"):  # of a longdouble
        scaled: NDArray[np.float64] = array.astype(np.float64)
    if array.dtype.kind in "iu":
        full_scale = float(2 ** (8 * array.dtype.itemsize - 1))
        scaled = (scaled - (full_scale if array.dtype.kind == "u" else 0.0)) / full_scale
    return scaled[:, None] if scaled.ndim == 1 else scaled


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
        at = np.unravel_index(int(np.argmin(finite)), finite.shape)
        raise ValueError(
            f"{role} has non-finite samples: the first is {samples[at]} at index {at[0]}, as float32"
        )
    peak = float(np.abs(samples).max())
    samples = samples / max(1.0, peak)
    level = float(np.sqrt(np.mean((samples - samples.mean()) ** 2)))
    if level < SILENCE_LEVEL:
        raise ValueError(
            f"{role} is silent: expected a level of at least {SILENCE_LEVEL:g}, got {level:.1e}"
        )
    return samples.astype(np.float32)
