"""Recordings as telephones and browsers make them, and as nobody should."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from muspeaker.sound.recording import read_prompt

if TYPE_CHECKING:
    from pathlib import Path

KINDS = [  # suffix, container, codec, rate
    ("m4a", "ipod", "aac", 44100),
    ("aac", "adts", "aac", 24000),
    ("webm", "webm", "libopus", 48000),
    ("mp4", "mp4", "aac", 48000),
    ("mkv", "matroska", "libopus", 48000),
    ("opus", "ogg", "libopus", 48000),
    ("3gp", "3gp", "aac", 16000),
    ("amr", "amr", "libopencore_amrnb", 8000),
]


def media(container: str, codec: str, rate: int, *, video: bool = False) -> bytes:
    """Two seconds of a 220 Hz tone, with a picture before it if wanted."""
    samples = 0.3 * np.sin(2 * np.pi * 220 * np.arange(2 * rate) / rate)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        if video:
            picture = file.add_stream("mpeg4", rate=5)
            picture.width = picture.height = 32
        sound = file.add_stream(codec, rate=rate, layout="mono")
        if codec == "libopencore_amrnb":
            sound.bit_rate = 12200
        if video:
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            file.mux(picture.encode(frame))
            file.mux(picture.encode(None))
        pcm = np.rint(32767 * samples).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = rate
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return buffer.getvalue()


def pitch_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


@pytest.mark.parametrize(("suffix", "container", "codec", "rate"), KINDS)
@pytest.mark.parametrize("form", ["path", "bytes", "file"])
def test_recordings_as_they_come(
    tmp_path: Path, suffix: str, container: str, codec: str, rate: int, form: str
) -> None:
    data = media(container, codec, rate)
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data)
    given = {"path": path, "bytes": data, "file": io.BytesIO(data)}[form]
    samples, found = read_prompt(given)
    assert found == rate
    assert samples.dtype == np.float32
    assert len(samples) / found == pytest.approx(2.0, abs=0.15)
    assert pitch_hz(samples, found) == pytest.approx(220, abs=3)


def test_the_sound_track_of_a_film(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(media("mp4", "aac", 48000, video=True))
    samples, rate = read_prompt(path)
    assert pitch_hz(samples, rate) == pytest.approx(220, abs=3)


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.aac").write_bytes(media("adts", "aac", 24000))
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.aac\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(ValueError, match="is no readable sound file"):
        read_prompt(playlist)


def test_a_film_without_sound() -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        picture = file.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 32
        file.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        file.mux(picture.encode(None))
    with pytest.raises(ValueError, match="it has no sound track"):
        read_prompt(buffer.getvalue())


def test_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(media("ipod", "aac", 44100))
    monkeypatch.setitem(sys.modules, "av", None)  # importing it fails
    with pytest.raises(ValueError, match=r"\.m4a.*pip install 'muspeaker\[media\]'"):
        read_prompt(path)
