"""Decode an uploaded recording at a bounded cost, whatever its header claims."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import soundfile

from muspeaker.sound.media import check_size, read_media
from muspeaker.sound.recording import PROMPT_MAX_SECONDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_recording(file: IO[bytes]) -> tuple[NDArray[np.float32], int]:
    """The first 30 s of a sound file: any that libsndfile reads, MP4, AAC, AMR or WebM.

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
            samples, rate_hz = read_media(file, PROMPT_MAX_SECONDS)
        except ValueError as error:
            raise ValueError(
                f"the recording is no readable sound file: {refused.error_string} {error}"
            ) from error
        return samples[:, None], rate_hz


def _by_libsndfile(file: IO[bytes]) -> tuple[NDArray[np.float32], int]:
    with soundfile.SoundFile(file) as sound:
        rate_hz = int(sound.samplerate)
        check_size(rate_hz, int(sound.channels))
        num_frames = int(PROMPT_MAX_SECONDS * rate_hz)
        samples: NDArray[np.float32] = sound.read(num_frames, dtype="float32", always_2d=True)
        return samples, rate_hz
