"""Samples of 16 bits, as sound cards, WAV files and codecs take them, and the header of a WAV file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32767  # largest value of 16 bits
SAMPLE_BYTES = 2
OPUS_RATE_HZ = 24000  # Opus knows 48, 24, 16, 12 and 8 kHz, not 22.05
WAV_HEADER_BYTES = 44
UNKNOWN_SIZE = 0xFFFFFFFF  # length of a file that still grows; readers then read to the end


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Clamp to full scale and round.

    Args:
        samples: (samples,) float32, full scale 1.

    Returns:
        (samples,) int16, little-endian.
    """
    scaled: NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype("<i2")
    return scaled


def from_int16(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """The inverse of `to_int16`, up to its rounding.

    Args:
        samples: (samples,) int16.

    Returns:
        (samples,) float32, full scale 1.
    """
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def wav_header(rate_hz: int, num_samples: int | None = None) -> bytes:
    """The 44 bytes before the samples of a 16-bit WAV file of one channel.

    Args:
        rate_hz: Samples per second.
        num_samples: Number of samples; None where the end is not known yet.
    """
    data_bytes = UNKNOWN_SIZE if num_samples is None else SAMPLE_BYTES * num_samples
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        UNKNOWN_SIZE if num_samples is None else WAV_HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,  # bytes of this chunk
        1,  # PCM
        1,  # channel
        rate_hz,
        SAMPLE_BYTES * rate_hz,  # bytes a second
        SAMPLE_BYTES,  # bytes a frame
        8 * SAMPLE_BYTES,
        b"data",
        data_bytes,
    )
