from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from muspeaker.sound.audio import Audio
from muspeaker.sound.recording import read_prompt, resample
from muspeaker.sound.span import Span
from muspeaker.sound.writers import BLOCK_SAMPLES

if TYPE_CHECKING:
    from pathlib import Path


def make_audio(seconds: float = 0.5) -> Audio:
    samples = (0.3 * np.sin(np.arange(int(22050 * seconds)) / 20)).astype(np.float32)
    return Audio(
        samples, 22050, [Span("hi", 0.1, 0.4)], [Span("h", 0.1, 0.2), Span("aɪ", 0.2, 0.4)]
    )


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".WAV"])
def test_save_by_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    make_audio().save(path)
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(0.5, abs=0.1)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_pcm_is_the_wav_file_without_its_header() -> None:
    audio = make_audio()
    wav, pcm = audio.encode(".wav"), audio.encode(".pcm")
    assert len(pcm) == 2 * len(audio.samples)
    assert wav.endswith(pcm)
    stereo = audio.panned(0.0).encode(".pcm")
    left, right = np.frombuffer(stereo, "<i2").reshape(-1, 2).T
    np.testing.assert_array_equal(left, right)


def test_wav_is_16_bit_and_clipped(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    Audio(np.array([0.5, 3.0, -3.0], np.float32), 22050).save(path)
    assert soundfile.info(path).subtype == "PCM_16"
    assert soundfile.read(path, dtype="int16")[0].tolist() == [16384, 32767, -32768]


def test_join_shifts_times_and_keeps_samples() -> None:
    audio = Audio.join([make_audio(), make_audio(0.25)])
    assert audio.duration == pytest.approx(0.75, abs=1e-3)
    assert audio.words[1].start == pytest.approx(0.1 + make_audio().duration)
    assert len(audio.phones) == 4
    with pytest.raises(ValueError, match="expected chunks of one sample rate, got no chunks"):
        Audio.join([])


def test_numpy_takes_it_for_its_samples() -> None:
    audio = make_audio()
    assert np.asarray(audio) is audio.samples
    assert np.asarray(audio, np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="the samples are float32: float64 needs a copy"):
        audio.__array__(np.dtype(np.float64), copy=False)
    copy = np.array(audio)
    copy[:] = 0
    assert np.abs(audio).max() == np.abs(audio.samples).max() > 0


def test_shows_itself() -> None:
    audio = make_audio()
    assert repr(audio) == "Audio(0.50 s, 22050 Hz, 'hi')"
    assert audio._repr_html_().startswith('<audio controls src="data:audio/wav;base64,UklGR')


@pytest.mark.parametrize("name", ["a.xyz", "a"])
def test_unknown_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"(unknown sound format|no file suffix).*expected .wav"):
        make_audio().save(tmp_path / name)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder"):
        make_audio().save(tmp_path / "no" / "a.wav")


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
@pytest.mark.parametrize(("suffix", "subtype"), [("wav", "PCM_U8"), ("wav", "PCM_24"), ("wav", "FLOAT"),
                                                 ("flac", "PCM_16"), ("aiff", "PCM_16")])  # fmt: skip
def test_prompts_of_any_rate_and_format(
    tmp_path: Path, rate: int, suffix: str, subtype: str
) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(2 * rate) / rate)
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.stack([tone, tone], axis=1), rate, subtype=subtype)
    samples, got = read_prompt(path)
    assert (got, samples.dtype, samples.shape) == (rate, np.float32, (2 * rate,))
    np.testing.assert_allclose(samples, tone, atol=0.01)
    assert len(resample(samples, rate, 22050)) == 44100


@pytest.mark.parametrize(
    "dtype", ["int16", "int32", "uint8", "int8", "float16", "float32", "float64"]
)
def test_prompts_of_any_dtype(tone: np.ndarray, dtype: str) -> None:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        array = tone.astype(kind)
    else:
        top = np.iinfo(kind).max if kind.kind == "i" else 127
        array = (tone.astype(np.float64) * top + (128 if kind.kind == "u" else 0)).astype(kind)
    samples, _ = read_prompt((array, 24000))
    np.testing.assert_allclose(samples, tone, atol=0.02)


def test_prompt_channels_either_way_round_are_averaged(tone: np.ndarray) -> None:
    both = np.stack([tone, 0 * tone])
    for array in (both, both.T):
        np.testing.assert_allclose(read_prompt((array, 24000))[0], tone / 2, atol=1e-6)


def test_prompt_uses_the_first_30_seconds(tmp_path: Path, tone: np.ndarray) -> None:
    long = np.tile(tone, 20)
    soundfile.write(tmp_path / "a.wav", long, 24000)
    assert len(read_prompt(tmp_path / "a.wav")[0]) == 30 * 24000
    assert len(read_prompt((long, 24000))[0]) == 30 * 24000


def test_prompt_may_be_audio(tone: np.ndarray) -> None:
    np.testing.assert_array_equal(read_prompt(Audio(tone, 24000))[0], tone)


DUMP = ("import io, soundfile, muspeaker.sound.recording as recording\n"
        "data = io.BytesIO()\n"
        "soundfile.write(data, [0.1] * 8000, 8000, format='SDS', subtype='PCM_S8')\n"
        "damaged = bytearray(data.getvalue()); damaged[21 + 127] = 0x41\n"
        "try: recording.read_prompt(bytes(damaged))\n"
        "except ValueError as error: assert 'sample dump' in str(error)\n")  # fmt: skip


def test_nothing_is_written_to_standard_output_where_a_file_is_damaged() -> None:
    """libsndfile does so for one format, which is refused."""
    done = subprocess.run([sys.executable, "-c", DUMP], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


LONG = ("import numpy as np\n"
        "from muspeaker.sound.audio import Audio\n"
        "noise = np.random.default_rng(0).normal(0, 0.1, 22050 * 120).astype('f4')\n"
        "print(len(Audio(noise, 22050).encode('.ogg')))\n")  # fmt: skip


def test_two_minutes_of_vorbis_do_not_end_the_process() -> None:
    """libsndfile encodes what one call gives it on the stack."""
    done = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100_000


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".au"])
def test_forty_minutes_in_every_format(suffix: str) -> None:
    audio = Audio(np.zeros(40 * 60 * 8000, np.float32), 8000)
    info = soundfile.info(io.BytesIO(audio.encode(suffix)))
    assert info.duration == pytest.approx(2400, abs=0.2)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".pcm", ".aiff"])
def test_blocks_join_without_a_seam(suffix: str) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, BLOCK_SAMPLES * 2 + 5).astype(np.float32)
    data = io.BytesIO(Audio(samples, 22050).encode(suffix))
    raw = {"format": "RAW", "samplerate": 22050, "channels": 1, "subtype": "PCM_16"}
    read, _ = soundfile.read(data, dtype="float32", **(raw if suffix == ".pcm" else {}))
    np.testing.assert_allclose(read, samples, atol=1 / 32767)


@pytest.mark.parametrize(("channels", "message"), [(8, "silent"), (1024, "has 1024 channels")])
def test_a_header_that_promises_much_takes_no_memory(
    tmp_path: Path, channels: int, message: str
) -> None:
    """A day of sound, of which hardly anything is there."""
    rate, frame = 44_100, 2 * channels
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFF0, b"WAVE", b"fmt ", 16, 1, channels,
                         rate, rate * frame, frame, 16, b"data", 0xFFFFFF00)  # fmt: skip
    path = tmp_path / "a.wav"
    path.write_bytes(header)
    with path.open("r+b") as file:
        file.truncate(1 << 32)  # sparse
    tracemalloc.start()
    with pytest.raises(ValueError, match=message):
        read_prompt(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6
