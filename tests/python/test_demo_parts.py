"""Parts of the demo page without a browser: the picture of speech, and speech that is read while it grows."""

from __future__ import annotations

import base64
import io
import struct
import threading
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from muspeaker.serve.demo.live_speech import LiveSpeech, LiveSpeeches
from muspeaker.sound.audio import Audio
from muspeaker.sound.span import Span

pytest.importorskip("gradio", reason="needs muspeaker[demo]")

from PIL import Image

from muspeaker.serve.demo.picture import speech_picture

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def tone(seconds: float = 1.0, channels: int = 1) -> Audio:
    samples = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(round(22050 * seconds)) / 22050)
    words = [Span("<b>&", 0.0, 0.4), Span("two", 0.5, 0.9)]
    shape = samples if channels == 1 else np.stack([samples] * channels, axis=1)
    return Audio(shape.astype(np.float32), 22050, words)


@pytest.mark.parametrize("channels", [1, 2])
def test_picture_shows_words_at_their_times(channels: int) -> None:
    root = ET.fromstring(speech_picture(tone(channels=channels)))
    words = root.findall(f"{SVG}g[@class='word']")
    assert [word.findtext(f"{SVG}text") for word in words] == ["<b>&", "two"]
    image = root.find(f"{SVG}image")
    assert image is not None
    scale = float(image.attrib["width"]) / 1.0  # of one second
    rect = words[1].find(f"{SVG}rect")
    assert rect is not None
    assert float(rect.attrib["x"]) == pytest.approx(0.5 * scale, abs=0.1)
    for attribute in ("href", f"{SVG}href"):
        assert image.attrib.get(attribute, "data:").startswith("data:")


def test_picture_shows_a_tone_at_its_frequency() -> None:
    """The brightest row of the spectrogram is that of 1 kHz."""
    image = ET.fromstring(speech_picture(tone())).find(f"{SVG}image")
    assert image is not None
    data = base64.b64decode(image.attrib["href"].split(",")[1])
    rows = np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float).mean(axis=1)
    frequency = (len(rows) - 1 - rows.argmax()) * 22050 / 1024
    assert frequency == pytest.approx(1000, abs=25)


def test_picture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        speech_picture(Audio(np.zeros(0, np.float32), 22050))


def test_live_speech_is_read_while_it_grows() -> None:
    speech = LiveSpeech(22050)
    chunk = tone(0.1)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.extend(speech.read()))
    reader.start()
    speech.add(chunk)
    speech.add(chunk)
    assert speech.finished_size() is None
    speech.finish()
    reader.join(timeout=30)
    assert len(heard) == 3  # header and chunks
    assert heard[0][:4] == b"RIFF"
    assert speech.finished_size() == sum(map(len, heard))


def test_finished_speech_is_a_true_wav_file(tmp_path: Path) -> None:
    speech = LiveSpeech(22050)
    speech.add(tone(0.1))
    speech.finish()
    (tmp_path / "a.wav").write_bytes(b"".join(speech.read()))
    samples, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate_hz == 22050
    assert np.abs(samples - tone(0.1).samples).max() < 1e-4
    size = struct.unpack("<I", (tmp_path / "a.wav").read_bytes()[4:8])[0]
    assert size == (tmp_path / "a.wav").stat().st_size - 8


def test_old_speeches_are_forgotten() -> None:
    speeches = LiveSpeeches(capacity=2)
    names = [speeches.begin(22050)[0] for _ in range(3)]
    assert [speeches.find(name) is not None for name in names] == [False, True, True]
    assert speeches.find("../etc") is None
