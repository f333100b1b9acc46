"""The mark of speech: that it is on, that it is found after what happens to sound, and that it can be off."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import soundfile
import soxr
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.sound import watermark
from muspeaker.sound.writers import SYNTHETIC

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

TEXT = "The birch canoe slid on the smooth planks."
LONG = "Glue the sheet to the dark blue background. It is easy to tell the depth of a well. " * 2
VARIED = (
    "The first chapter begins on a quiet morning in June. Bread should cool for ten minutes, so let it stand. "
    "Nobody in the village had ever seen a letter as thick as that."
)  # the same words twice tell no more of a payload than once
PAYLOAD = 0xDEADBEEF
RATE = 24_000


@pytest.fixture(scope="module")
def shipped() -> muspeaker.Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def spoken(shipped: muspeaker.Synthesizer) -> Audio:
    return shipped.synthesize(TEXT)


def through(samples: np.ndarray, suffix: str) -> tuple[np.ndarray, int]:
    """Samples after a codec at 64 kbit/s."""
    data = muspeaker.Audio(samples, RATE).encode(suffix, bit_rate=64_000)
    return soundfile.read(io.BytesIO(data), dtype="float32")


def noisy(samples: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return samples + noise * np.sqrt(np.mean(samples**2)) * 10 ** (-30 / 20)


CHANGES: dict[str, Any] = {
    "nothing": lambda x: (x, RATE),
    "mp3": lambda x: through(x, ".mp3"),
    "opus": lambda x: through(x, ".opus"),
    "16 kHz": lambda x: (soxr.resample(x, RATE, 16_000), 16_000),
    "gain": lambda x: (0.05 * x, RATE),
    "noise": lambda x: (noisy(x), RATE),
    "begins late": lambda x: (x[12_345:], RATE),
    "faster": lambda x: (soxr.resample(x, 1.02 * RATE, RATE), RATE),
    "slower": lambda x: (soxr.resample(x, 0.98 * RATE, RATE), RATE),
    "stereo": lambda x: (np.stack([x, 0.5 * x], 1), RATE),
    "int16": lambda x: ((x * 32767).astype(np.int16), RATE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_mark_is_found_after(change: str, spoken: Audio) -> None:
    found = muspeaker.detect(CHANGES[change](spoken.samples))
    assert found.marked
    assert found.score > watermark.THRESHOLD + 1
    assert found.start == 0


def test_audio_says_what_was_embedded(shipped: muspeaker.Synthesizer, spoken: Audio) -> None:
    assert spoken.watermark == 0
    assert shipped.synthesize("Yes.", payload=PAYLOAD).watermark == PAYLOAD
    assert shipped.synthesize("Yes.", watermark=False).watermark is None
    assert all(chunk.watermark == 0 for chunk in shipped.stream("Yes. No."))


def test_unmarked_speech_is_not_found(shipped: muspeaker.Synthesizer, spoken: Audio) -> None:
    plain = shipped.synthesize(TEXT, watermark=False)
    found = muspeaker.detect(plain)
    assert not found.marked
    assert found.score < watermark.THRESHOLD - 0.5
    assert (found.payload, found.start) == (None, None)
    difference = spoken.samples - plain.samples
    assert 0 < np.square(difference).sum() < 0.03 * np.square(plain.samples).sum()


def test_payload_is_read(shipped: muspeaker.Synthesizer) -> None:
    audio = shipped.synthesize(VARIED, payload=PAYLOAD)
    assert muspeaker.detect(audio.samples, audio.sample_rate).payload == PAYLOAD
    assert muspeaker.detect(audio, None).payload == PAYLOAD
    assert muspeaker.detect(CHANGES["opus"](audio.samples)).payload == PAYLOAD


def test_start_is_where_marked_speech_begins(shipped: muspeaker.Synthesizer) -> None:
    rng = np.random.default_rng(0)
    before = np.convolve(rng.standard_normal(12 * RATE), np.ones(8) / 8, "same").astype(np.float32)
    found = muspeaker.detect(
        np.concatenate([0.02 * before, shipped.synthesize(LONG).samples]), RATE
    )
    assert found.start is not None
    assert 8 <= found.start <= 14


def test_converted_and_edited_speech_is_marked(
    shipped: muspeaker.Synthesizer, spoken: Audio
) -> None:
    converted = shipped.convert(spoken, "edith", TEXT)
    assert converted.watermark == 0
    plain = shipped.synthesize(TEXT, watermark=False)
    own = muspeaker.detect(shipped.convert(plain, "edith", TEXT))
    assert own.marked
    assert not muspeaker.detect(shipped.convert(plain, "edith", TEXT, watermark=False)).marked
    edited = shipped.edit(plain, TEXT, "The birch canoe slid on the heavy planks.", "kathleen")
    assert edited.watermark == 0
    kept = round(0.2 * RATE)
    np.testing.assert_array_equal(edited.samples[:kept], plain.samples[:kept])


def test_options_reach_the_engine(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    tts.synthesize("a", voice)
    tts.synthesize("a", voice, payload=9)
    tts.synthesize("a", voice, payload=9, watermark=False)
    assert [call["watermark"] for call in engine.calls] == [0, 9, None]


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("watermark", 1, "watermark must be a bool, got int"),
        ("payload", True, "payload must be an int, got bool"),
        ("payload", 2**32, r"must be 0 to 2\*\*32 - 1, got 4294967296"),
        ("payload", -1, r"must be 0 to 2\*\*32 - 1, got -1"),
    ],
)
def test_options_are_checked(
    tts: Synthesizer, voice: Voice, option: str, value: object, error: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        tts.synthesize("a", voice, **{option: value})


def test_recordings_are_checked() -> None:
    with pytest.raises(ValueError, match="recording is too short"):
        muspeaker.detect(np.ones(100, np.float32), RATE)
    with pytest.raises(TypeError, match="recording must be a path"):
        muspeaker.detect(5)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        muspeaker.detect("missing.wav")


@pytest.mark.parametrize("seconds", [0.3, 1, 4.9, 5, 6, 9.5, 13])
def test_windows_cover_a_recording(seconds: float) -> None:
    windows = watermark._windows(round(seconds * RATE))
    assert windows[0][0] == 0
    assert windows[-1][1] == round(seconds * RATE)
    assert all(end - begin <= 4.5 * RATE for begin, end in windows)
    for (_, end), (begin, _) in pairwise(windows):
        assert begin < end


def tags(data: bytes) -> str:
    with av.open(io.BytesIO(data)) as file:
        found = {**file.metadata, **file.streams.audio[0].metadata}
        return next((text for key, text in found.items() if key.lower() == "comment"), "")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
def test_files_say_that_the_speech_is_synthetic(suffix: str, spoken: Audio) -> None:
    assert tags(spoken.encode(suffix)) == SYNTHETIC
    assert tags(spoken.encode(suffix, metadata={"comment": "Of mine"})) == f"Of mine ({SYNTHETIC})"
    assert not tags(muspeaker.Audio(spoken.samples, RATE).encode(suffix))


def test_head_of_a_wav_file_stays_44_bytes(spoken: Audio) -> None:
    data = spoken.encode("wav")
    assert data[36:40] == b"data"
    samples = np.frombuffer(data[44:][: 2 * len(spoken.samples)], "<i2")
    np.testing.assert_allclose(samples / 32768, spoken.samples, atol=1e-4)


def test_formats_without_comments_are_written(spoken: Audio) -> None:
    for suffix in ("au", "pcm"):
        assert len(spoken.encode(suffix)) >= 2 * len(spoken.samples)


def test_command(spoken: Audio, tmp_path: Path) -> None:
    spoken.save(tmp_path / "a.wav")
    tone = 0.1 * np.sin(np.arange(RATE) / 20).astype(np.float32)
    soundfile.write(tmp_path / "b.wav", tone, RATE)
    paths = [str(tmp_path / name) for name in ("a.wav", "b.wav")]
    told = CliRunner().invoke(app, ["detect", *paths, "--json"])
    assert told.exit_code == 0
    first, second = json.loads(told.stdout)
    assert (first["file"], first["marked"], second["marked"]) == (paths[0], True, False)
    assert first["score"] > watermark.THRESHOLD
    lines = CliRunner().invoke(app, ["detect", *paths]).stdout.replace("\n", "")
    assert "a.wav: marked" in lines
    assert "b.wav: no mark" in lines


def test_command_line_turns_it_off(tmp_path: Path) -> None:
    for flags, marked in (([], True), (["--no-watermark"], False)):
        path = tmp_path / f"{marked}.wav"
        assert CliRunner().invoke(app, ["say", TEXT, "-o", str(path), *flags]).exit_code == 0
        assert muspeaker.detect(path).marked is marked
