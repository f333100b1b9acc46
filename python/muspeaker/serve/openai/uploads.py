"""Decode an uploaded recording at a bounded cost, whatever its header claims."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import av
import numpy as np
import soundfile

from muspeaker.sound.recording import PROMPT_MAX_SECONDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_RATE_HZ = 192_000
MAX_VALUES_A_SECOND = 384_000  # 30 s take at most 46 MB
# Formats that browsers and telephones record, and streamed FLAC, which libsndfile does not read. No playlist and no
# image sequence, since FFmpeg would open other files for them.
CONTAINERS = "aac,flac,matroska,mov,mp3,ogg"
CODECS = frozenset(
    {"aac", "alac", "flac", "mp3", "mp3float", "opus", "libopus", "vorbis", "pcm_s16le"}
)


def read_recording(file: IO[bytes]) -> tuple[NDArray[np.float32], int]:
    """The first 30 s of a sound file: any that libsndfile reads, MP4, AAC or WebM.

    Returns:
        (samples, channels) float32, and the rate in Hz.

    Raises:
        ValueError: If it is no sound file, or has too many channels or too high a rate.
    """
    try:
        return _by_libsndfile(file)
    except soundfile.LibsndfileError as refused:
        file.seek(0)
        try:
            return _by_ffmpeg(file)
        except (av.FFmpegError, IndexError) as error:
            raise ValueError(
                f"the recording is no readable sound file: {refused.error_string}"
            ) from error


def _by_libsndfile(file: IO[bytes]) -> tuple[NDArray[np.float32], int]:
    with soundfile.SoundFile(file) as sound:
        rate_hz = int(sound.samplerate)
        _check_size(rate_hz, int(sound.channels))
        num_frames = int(PROMPT_MAX_SECONDS * rate_hz)
        samples: NDArray[np.float32] = sound.read(num_frames, dtype="float32", always_2d=True)
        return samples, rate_hz


def _by_ffmpeg(file: IO[bytes]) -> tuple[NDArray[np.float32], int]:
    options = {"format_whitelist": CONTAINERS}
    with av.open(file, "r", container_options=options, metadata_errors="replace") as container:
        stream = container.streams.audio[0]
        codec = getattr(
            stream.codec_context, "name", "something unknown"
        )  # None of what is unknown
        if codec not in CODECS:
            raise ValueError(f"the recording is coded as {codec}: expected AAC")
        rate_hz = int(stream.rate)
        _check_size(rate_hz, stream.codec_context.channels)
        resampler = av.AudioResampler("fltp", "mono", rate_hz)
        num_frames = int(PROMPT_MAX_SECONDS * rate_hz)
        pieces: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        for frame in container.decode(stream):
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            num_frames -= len(pieces[-1])
            if num_frames <= 0:
                break
        return np.concatenate(pieces)[:, None], rate_hz


def _check_size(rate_hz: int, num_channels: int) -> None:
    if not 0 < rate_hz <= MAX_RATE_HZ or rate_hz * num_channels > MAX_VALUES_A_SECOND:
        raise ValueError(
            f"the recording has {num_channels} channels at {rate_hz} Hz: expected at most 2 channels "
            f"at {MAX_RATE_HZ} Hz, or more at a lower rate"
        )
