"""Recordings that libsndfile does not read, such as those of telephones and browsers (extra: media).

What is read is bounded, whatever a header promises.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".m4a", ".mp4", ".aac", ".webm", ".mkv", ".3gp", ".amr")  # as messages name them
MISSING = "av is missing: pip install 'muspeaker[media]'"
MAX_RATE_HZ = 192_000
MAX_VALUES_A_SECOND = 384_000  # 30 s take at most 46 MB
# No playlist and no image sequence, since FFmpeg would open other files for them.
CONTAINERS = "aac,amr,amrnb,amrwb,flac,matroska,mov,mp3,ogg,wav"
CODECS = frozenset({
    "aac", "alac", "amrnb", "amrwb", "amr_nb", "amr_wb", "libopencore_amrnb", "libopencore_amrwb",
    "flac", "mp3", "mp3float", "opus", "libopus", "vorbis", "pcm_s16le",
})  # fmt: skip


def read_media(file: Path | IO[bytes], seconds: float) -> tuple[NDArray[np.float32], int]:
    """The first seconds of the first sound track, the mean of its channels.

    Args:
        file: A path, or a file that can be read and searched.
        seconds: Length that is read at most.

    Returns:
        (samples,) float32, full scale 1, and the rate in Hz.

    Raises:
        ModuleNotFoundError: If the extra is missing.
        ValueError: If there is no such track, or it has an unknown coding, too many channels or too high a rate.
    """
    try:
        import av  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING, name="av") from error
    try:
        options = {"format_whitelist": CONTAINERS}
        with av.open(file, "r", container_options=options, metadata_errors="replace") as container:
            stream = container.streams.audio[0]
            name = getattr(stream.codec_context, "name", "something unknown")  # may be None
            if name not in CODECS:
                raise ValueError(f"it is coded as {name}: expected AAC, AMR, Opus or the like")
            rate_hz = int(stream.rate)
            check_size(rate_hz, stream.codec_context.channels)
            resampler = av.AudioResampler("fltp", "mono", rate_hz)
            most = int(seconds * rate_hz)
            pieces: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
            for frame in container.decode(stream):
                pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
                most -= len(pieces[-1])
                if most <= 0:
                    break
            return np.concatenate(pieces)[: int(seconds * rate_hz)], rate_hz
    except (av.FFmpegError, IndexError) as error:
        reason = "it has no sound track" if isinstance(error, IndexError) else error.strerror
        raise ValueError(str(reason)) from error


def check_size(rate_hz: int, num_channels: int) -> None:
    """Raise ValueError if a recording has too many channels or too high a rate to be read at a bounded cost."""
    if not 0 < rate_hz <= MAX_RATE_HZ or rate_hz * num_channels > MAX_VALUES_A_SECOND:
        raise ValueError(
            f"the recording has {num_channels} channels at {rate_hz} Hz: expected at most 2 channels "
            f"at {MAX_RATE_HZ} Hz, or more at a lower rate"
        )
