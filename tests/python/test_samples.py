"""16-bit samples and the header of a WAV file."""

from __future__ import annotations

import io
import wave

import numpy as np

from muspeaker.sound.samples import UNKNOWN_SIZE, WAV_HEADER_BYTES, from_int16, to_int16, wav_header


def test_samples_are_clamped_and_rounded() -> None:
    loud = np.array([-2.0, -1.0, 0.0, 0.6 / 32767, 1.0, 3.0], np.float32)
    assert to_int16(loud).tolist() == [-32767, -32767, 0, 1, 32767, 32767]
    assert to_int16(loud).dtype == "<i2"


def test_stored_samples_come_back_as_they_were() -> None:
    stored = np.arange(-32767, 32768, dtype="<i2")
    assert from_int16(stored).dtype == np.float32
    assert from_int16(stored)[[0, -1]].tolist() == [-1, 1]
    assert np.array_equal(to_int16(from_int16(stored)), stored)


def test_a_header_of_known_length_is_a_wav_file() -> None:
    samples = np.arange(-50, 50, dtype="<i2")
    with wave.open(io.BytesIO(wav_header(22050, 100) + samples.tobytes())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
        assert file.readframes(1000) == samples.tobytes()
    assert int.from_bytes(wav_header(22050, 100)[4:8], "little") == WAV_HEADER_BYTES - 8 + 200


def test_a_header_of_unknown_length_says_so() -> None:
    header = wav_header(24000)
    assert len(header) == WAV_HEADER_BYTES
    assert header[4:8] == header[40:44] == UNKNOWN_SIZE.to_bytes(4, "little")
