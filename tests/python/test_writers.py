"""Sound files with bit rate, metadata and chapters, by any spelling of their format; and volume."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import soundfile

from muspeaker.sound.audio import Audio
from muspeaker.sound.id3 import id3_tag
from muspeaker.sound.span import Span
from muspeaker.sound.writers import FORMATS, MEDIA_FORMATS, WITHOUT_METADATA, open_writer

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

RATE = 22050
TEXTS = {
    "title": "Händel 你好",
    "artist": "anna",
    "album": "B",
    "date": "2026",
    "comment": "Ünique",
}
CHAPTERS = [Span("Einleitung", 0.0, 0.5), Span("Zweites – Kapitel", 0.5, 2.0)]


@pytest.fixture
def audio() -> Audio:
    return Audio((0.3 * np.sin(np.arange(2 * RATE) / 15)).astype(np.float32), RATE)


@pytest.mark.parametrize("suffix", [*FORMATS, *MEDIA_FORMATS])
def test_a_format_with_and_without_its_dot(audio: Audio, tmp_path: Path, suffix: str) -> None:
    expected = audio.encode(suffix)
    if suffix not in {".ogg", ".opus"}:  # whose stream has a number of its own
        assert audio.encode(suffix[1:].upper()) == expected
    audio.save(tmp_path / f"a{suffix}")
    with (tmp_path / "b").open("wb") as file:
        audio.save(file, suffix[1:])
        assert not file.closed
    assert abs((tmp_path / "b").stat().st_size - len(expected)) < 100
    assert abs((tmp_path / f"a{suffix}").stat().st_size - len(expected)) < 100


def test_formats_that_are_none(audio: Audio) -> None:
    with pytest.raises(ValueError, match=r"unknown sound format 'wavy': expected \.wav, \.flac"):
        audio.encode("wavy")
    with pytest.raises(TypeError, match="format must be a str such as 'wav', got int"):
        audio.encode(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["mp3", "opus", "m4a"])
@pytest.mark.parametrize("bit_rate", [24_000, 64_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_bit_rate(suffix: str, bit_rate: int, channels: int) -> None:
    shape = (4 * RATE,) if channels == 1 else (4 * RATE, channels)
    noise = (0.1 * np.random.default_rng(0).normal(size=shape)).astype(np.float32)
    data = Audio(noise, RATE).encode(suffix, bit_rate=bit_rate)
    assert len(data) * 8 / 4 == pytest.approx(bit_rate, rel=0.2)


@pytest.mark.parametrize(
    ("suffix", "bit_rate", "message"),
    [
        ("wav", 64_000, r"a \.wav file has no bit rate to choose: expected one of \.mp3"),
        ("mp3", 64, "bits a second, got 64; did you mean 64000?"),
        ("mp3", 7_999, "bit_rate must be 8000 to 320000"),
    ],
)
def test_bit_rates_that_are_none(audio: Audio, suffix: str, bit_rate: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audio.encode(suffix, bit_rate=bit_rate)
    with pytest.raises(TypeError, match="bit_rate must be an int, got str"):
        audio.encode(suffix, bit_rate="64k")  # type: ignore[arg-type]


def tags(data: bytes) -> dict[str, str]:
    """What FFmpeg finds in a file, in the container or its stream."""
    with av.open(io.BytesIO(data)) as file:
        found = dict(file.metadata) | dict(file.streams.audio[0].metadata)
    return {key.lower(): value for key, value in found.items()}


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "m4b", "flac", "ogg", "opus"])
def test_metadata(audio: Audio, suffix: str) -> None:
    found = tags(audio.encode(suffix, metadata=TEXTS))
    assert {key: found.get(key) for key in TEXTS} == TEXTS


def test_metadata_of_wav(audio: Audio) -> None:
    with soundfile.SoundFile(io.BytesIO(audio.encode("wav", metadata={"title": "Hé"}))) as file:
        assert file.title == "Hé"


def test_metadata_that_is_none(audio: Audio) -> None:
    for suffix in WITHOUT_METADATA:
        with pytest.raises(ValueError, match="holds no metadata"):
            audio.encode(suffix, metadata=TEXTS)
    with pytest.raises(ValueError, match="unknown metadata 'name': expected title, artist"):
        audio.encode("mp3", metadata={"name": "a"})
    with pytest.raises(TypeError, match="metadata 'title' must be a str, got int"):
        audio.encode("mp3", metadata={"title": 3})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="metadata must be a dict of texts, got str"):
        audio.encode("mp3", metadata="a title")  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".mp3", ".m4b"])
def test_chapters(audio: Audio, suffix: str) -> None:
    buffer = io.BytesIO()
    writer = open_writer(buffer, suffix, RATE, metadata=TEXTS, chapters=CHAPTERS)
    writer.write(audio.samples)
    writer.close()
    with av.open(io.BytesIO(buffer.getvalue())) as file:
        found = [
            (c["metadata"]["title"], float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]))
            for c in file.chapters()
        ]  # fmt: skip
    assert found == [(c.text, c.start, c.end) for c in CHAPTERS]
    assert tags(buffer.getvalue())["title"] == TEXTS["title"]


def test_many_chapters_and_no_tag_at_all() -> None:
    tag = id3_tag({}, [Span(str(n), n, n + 1) for n in range(300)])
    assert tag.count(b"CHAP") == 300
    assert id3_tag({}) == b""


def test_m4a_names_the_extra(audio: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # importing it fails
    with pytest.raises(RuntimeError, match=r"pip install 'muspeaker\[media\]'"):
        audio.encode("m4a")


def test_play(audio: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []

    class Player:
        def __init__(self, *how: int) -> None:
            heard.append(how)

        def write(self, chunk: Audio) -> None:
            heard.append(chunk)

        def close(self) -> None:
            heard.append("closed")

    monkeypatch.setattr("muspeaker.sound.player.open_player", Player)
    audio.play()
    stereo = audio.panned(0.0)
    stereo.play()
    assert heard == [(RATE, 1), audio, "closed", (RATE, 2), stereo, "closed"]


def test_volume(tts: Synthesizer, voice: Voice) -> None:
    plain = tts.synthesize("One. Two.", voice)
    np.testing.assert_array_equal(
        tts.synthesize("One. Two.", voice, volume=0.5).samples, plain.samples * np.float32(0.5)
    )
    loud = tts.synthesize("One. Two.", voice, volume=3)
    assert 0.7 < np.abs(loud.samples).max() < 1.0
    chunks = tts.stream("One. Two.", voice, volume=3)
    np.testing.assert_array_equal(Audio.join(chunks).samples, loud.samples)


@pytest.mark.parametrize(
    ("suffix", "bits", "coding"),
    [(".wav", 16, "PCM_16"), (".flac", 24, "PCM_24"), (".aiff", 32, "FLOAT")],
)
def test_samples_of_so_many_bits_are_written_exactly(
    tmp_path: Path, suffix: str, bits: int, coding: str
) -> None:
    """Every step of 16 bits comes back, the loudest too."""
    steps = np.arange(-(2**15), 2**15, 7) / 2**15
    audio = Audio(steps.astype(np.float32), 24000)
    audio.save(tmp_path / f"a{suffix}", bits=bits)
    assert soundfile.info(tmp_path / f"a{suffix}").subtype == coding
    written, _ = soundfile.read(tmp_path / f"a{suffix}", dtype="float64")
    np.testing.assert_array_equal(written, steps)


def test_bits_that_a_format_lacks_are_refused() -> None:
    audio = Audio(np.zeros(10, np.float32), 24000)
    with pytest.raises(
        ValueError, match=r"a \.flac file has no samples of 32 bits: expected 16 or"
    ):
        audio.encode("flac", bits=32)
    with pytest.raises(ValueError, match=r"a \.mp3 file has no samples of 16 bits: it has none to"):
        audio.encode("mp3", bits=16)
