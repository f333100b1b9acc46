"""Encoders: chunks joined are one file, whatever their size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
import soundfile

from muspeaker.serve.openai.encoders import FORMATS, encoder, to_int16
from muspeaker.serve.openai.tempo import Tempo, split_speed
from muspeaker.serve.openai.uploads import read_recording

if TYPE_CHECKING:
    from collections.abc import Callable

RATE_HZ = 22050
CODEC_FRAME = 1152  # of MP3; AAC has fewer. Both begin with one of nothing and fill the last


@pytest.fixture
def speech(generated_audio: Callable[..., np.ndarray]) -> np.ndarray:
    return generated_audio(RATE_HZ, 3.0)


def encoded(response_format: str, samples: np.ndarray, step: int, rate_hz: int = RATE_HZ) -> bytes:
    coder = encoder(response_format, rate_hz)
    parts = [coder.encode(samples[at : at + step]) for at in range(0, len(samples), step)]
    data = b"".join([*parts, coder.finish()])
    coder.close()
    return data


def frequency(samples: np.ndarray, rate_hz: int) -> float:
    """Of the loudest bin."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples)


@pytest.mark.parametrize("response_format", FORMATS)
def test_the_size_of_chunks_changes_no_byte(response_format: str, speech: np.ndarray) -> None:
    whole = encoded(response_format, speech, len(speech))
    assert encoded(response_format, speech, 7001) == whole
    if response_format in {"flac", "wav", "pcm"}:
        assert encoded(response_format, speech, 97) == whole


@pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_bytes_come_before_the_end(response_format: str, speech: np.ndarray) -> None:
    coder = encoder(response_format, RATE_HZ)
    half = len(coder.encode(speech[: len(speech) // 2]))
    total = half + len(coder.encode(speech[len(speech) // 2 :])) + len(coder.finish())
    coder.close()
    assert 0.3 * total < half < 0.7 * total


@pytest.mark.parametrize("response_format", ["flac", "wav"])
def test_lossless_formats_hold_every_sample(response_format: str, speech: np.ndarray) -> None:
    samples, rate_hz = read_recording(io.BytesIO(encoded(response_format, speech, 1000)))
    assert rate_hz == RATE_HZ
    assert np.array_equal(np.rint(samples[:, 0] * 32768), to_int16(speech))


@pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav"])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100])
def test_any_rate_of_a_model_keeps_its_pitch(response_format: str, rate_hz: int) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate_hz) / rate_hz)).astype(np.float32)
    data = encoded(response_format, tone, 5000, rate_hz)
    with av.open(io.BytesIO(data)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        coded_hz = container.streams.audio[0].rate
    samples = np.concatenate(frames).astype(np.float64)
    padding = 0 if response_format in {"flac", "wav", "opus"} else 2 * CODEC_FRAME
    assert 2.0 * coded_hz <= len(samples) + 1 <= 2.0 * coded_hz + padding + 1
    assert frequency(samples, coded_hz) == pytest.approx(440, abs=3)


def test_pcm_is_at_24_khz() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    samples = np.frombuffer(encoded("pcm", tone, 999), "<i2")
    assert len(samples) == 48000
    assert frequency(samples, 24000) == pytest.approx(440, abs=1)


def test_wav_says_that_its_length_is_unknown() -> None:
    header = encoder("wav", RATE_HZ).encode(np.zeros(0, np.float32))
    assert len(header) == 44
    assert header[4:8] == header[40:44] == b"\xff" * 4
    samples, rate_hz = soundfile.read(io.BytesIO(header + bytes(200)))
    assert (len(samples), rate_hz) == (100, RATE_HZ)


@pytest.mark.parametrize("response_format", FORMATS)
def test_nothing_spoken_and_nothing_finished(response_format: str) -> None:
    encoder(response_format, RATE_HZ).close()
    coder = encoder(response_format, RATE_HZ)
    coder.encode(np.zeros(100, np.float32))
    coder.close()
    coder.close()
    coder = encoder(response_format, RATE_HZ)
    coder.finish()
    coder.close()


def test_loud_samples_are_clipped_not_wrapped() -> None:
    loud = np.array([-9.0, -1.0, 0.0, 1.0, 9.0], np.float32)
    assert to_int16(loud).tolist() == [-32767, -32767, 0, 32767, 32767]


@pytest.mark.parametrize(
    ("speed", "spoken", "rest"),
    [(0.25, 0.5, 0.5), (0.5, 0.5, 1.0), (1.3, 1.3, 1.0), (2.0, 2.0, 1.0), (3.0, 2.0, 1.5)],
)
def test_the_model_does_what_it_can(speed: float, spoken: float, rest: float) -> None:
    assert split_speed(speed) == (spoken, rest)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_tempo_changes_the_length_and_not_the_pitch(factor: float) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 220 * np.arange(3 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    tempo = Tempo(RATE_HZ, factor)
    parts = [tempo.feed(tone[at : at + 777]) for at in range(0, len(tone), 777)]
    samples = np.concatenate([*parts, tempo.finish()])
    assert len(samples) == pytest.approx(len(tone) / factor, rel=0.01)
    assert frequency(samples, RATE_HZ) == pytest.approx(220, abs=4)


@pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav"])
def test_what_the_server_sends_can_be_uploaded(response_format: str, speech: np.ndarray) -> None:
    samples, rate_hz = read_recording(io.BytesIO(encoded(response_format, speech, 5000)))
    assert samples.shape[1] == 1
    assert len(samples) / rate_hz == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("webm", "libopus")])
def test_recordings_of_browsers_and_telephones(
    container: str, codec: str, speech: np.ndarray
) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.stack([speech, speech]), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE_HZ
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    samples, rate_hz = read_recording(io.BytesIO(buffer.getvalue()))
    assert rate_hz == 48000
    assert len(samples) / rate_hz == pytest.approx(3.0, abs=0.1)


def test_a_video_without_sound_is_no_recording() -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10, width=16, height=16, pix_fmt="yuv420p")
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    with pytest.raises(ValueError, match="no readable sound file"):
        read_recording(io.BytesIO(buffer.getvalue()))
