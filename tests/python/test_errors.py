"""Every way to give bad input, and what the exception says."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import muspeaker
from muspeaker.voice import Voice
from tests.espeak import needs_espeak

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer

SECOND = 24000


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "text is empty"),
        (" \n\t ", ValueError, "text is empty"),
        ("...?!", ValueError, r"nothing to speak in '\.\.\.\?!': expected words"),
        ("\U0001f600 \ud800", ValueError, "nothing to speak in"),
        (b"bytes", TypeError, "text must be a str, got bytes"),
        (None, TypeError, "text must be a str, got NoneType"),
        (
            "a" * 50_001,
            ValueError,
            "text is too long: expected at most 50000 characters, got 50001",
        ),
    ],
)
def test_bad_texts(tts: Synthesizer, voice: Voice, text: Any, error: type, message: str) -> None:
    for speak in (tts.synthesize, tts.stream):
        with pytest.raises(error, match=message):
            speak(text, voice)


@pytest.mark.parametrize(
    ("option", "value", "error", "message"),
    [
        ("speed", 0.49, ValueError, "speed must be 0.5 to 2, got 0.49"),
        ("speed", float("nan"), ValueError, "speed must be 0.5 to 2, got nan"),
        ("speed", "fast", TypeError, "speed must be a number, got str"),
        ("speed", True, TypeError, "speed must be a number, got bool"),
        ("pitch", 12.5, ValueError, "pitch must be -12 to 12, got 12.5"),
        ("energy", 0, ValueError, "energy must be 0.25 to 4, got 0"),
        ("temperature", -0.1, ValueError, "temperature must be 0 to 2, got -0.1"),
        ("temperature", float("inf"), ValueError, "temperature must be 0 to 2, got inf"),
        ("seed", -1, ValueError, r"seed must be 0 to 2\*\*63 - 1, got -1"),
        ("seed", 2**63, ValueError, r"seed must be 0 to 2\*\*63 - 1, got 9223372036854775808"),
        ("seed", 1.5, TypeError, "seed must be an int or None, got float"),
        pytest.param(
            "language",
            "xx-yy",
            ValueError,
            "unknown language 'xx-yy': expected a tag such as 'en-us'",
            marks=needs_espeak,
        ),
        ("language", "de", ValueError, "'de' is not one of this model's: expected en-us"),
        ("language", 1, TypeError, "language must be a str such as 'en-us', got int"),
        ("phonemes", 1, TypeError, "phonemes must be a bool, got int"),
        ("style", 3, TypeError, "style must be a Voice, a name, .*got int"),
        ("style", "anna", FileNotFoundError, "no style 'anna'"),
        ("style", "Calm", FileNotFoundError, "no style 'Calm'"),
        ("expression", 2.1, ValueError, "expression must be 0 to 2, got 2.1"),
        ("variation", -1, ValueError, "variation must be 0 to 2, got -1"),
        ("volume", 4.1, ValueError, "volume must be 0 to 4, got 4.1"),
        ("pause", -0.1, ValueError, "pause must be 0 to 10, got -0.1"),
        ("pause", "long", TypeError, "pause must be a number, got str"),
        ("sped", 1.0, TypeError, "unknown option 'sped': expected one of speed, pitch"),
    ],
)
def test_bad_options(
    tts: Synthesizer, voice: Voice, option: str, value: Any, error: type, message: str
) -> None:
    for speak in (tts.synthesize, tts.stream):
        with pytest.raises(error, match=message):
            speak("Hello.", voice, **{option: value})


def test_voice_of_another_model(tts: Synthesizer, voice: Voice) -> None:
    foreign = Voice(voice.vector, voice.style, name="eve", fingerprint="f" * 16)
    expected = "'eve' was made by model ffffffffffffffff, this is 0123456789abcdef: clone it again"
    with pytest.raises(ValueError, match=f"voice {expected}"):
        tts.synthesize("Hello.", foreign)
    with pytest.raises(ValueError, match=f"style {expected}"):
        tts.synthesize("Hello.", voice, style=foreign)
    with pytest.raises(FileNotFoundError, match=r"no voice 'anna\.wav'"):
        tts.synthesize("Hello.", "anna.wav")


@pytest.mark.parametrize(
    ("prompt", "error", "message"),
    [
        (np.ones(10, "f4"), TypeError, "prompt must be a path, .* or an Audio, got ndarray without its rate"),
        ((1, 2, 3), TypeError, "got tuple of 3"),
        ((np.ones(SECOND // 2, "f4"), SECOND), ValueError, "prompt is too short: expected at least 1 s, got 0.50 s"),
        ((np.ones(0, "f4"), SECOND), ValueError, "too short: expected at least 1 s, got 0.00 s"),
        ((np.zeros(2 * SECOND, "f4"), SECOND), ValueError, "prompt is silent"),
        ((np.full(2 * SECOND, 0.5, "f4"), SECOND), ValueError, "prompt is silent"),
        ((np.full(2 * SECOND, np.nan, "f4"), SECOND), ValueError, "non-finite samples: the first is nan at index 0"),
        ((np.r_[np.ones(SECOND), np.inf], SECOND), ValueError, "the first is inf at index 24000"),
        ((np.ones(2 * SECOND, complex), SECOND), TypeError, "integers or floats, got dtype complex128"),
        ((np.ones(2 * SECOND, bool), SECOND), TypeError, "integers or floats, got dtype bool"),
        (("a", SECOND), TypeError, "integers or floats, got dtype <U1"),
        ((np.ones((9, 9, 9), "f4"), SECOND), ValueError, r"\(samples, channels\) .* got \(9, 9, 9\)"),
        ((np.ones((99, 99), "f4"), SECOND), ValueError, r"at most 8 channels, got \(99, 99\)"),
        ((np.float32(1), SECOND), ValueError, r"got \(\)"),
        ((np.ones(SECOND, "f4"), "24k"), TypeError, "sample_rate must be an int, got str"),
        ((np.ones(SECOND, "f4"), True), TypeError, "sample_rate must be an int, got bool"),
        ((np.ones(SECOND, "f4"), 0), ValueError, "sample_rate must be a whole number of 4000 to 768000 Hz, got 0"),
        ((np.ones(SECOND, "f4"), float("nan")), ValueError, "768000 Hz, got nan"),
        ((np.ones(SECOND, "f4"), 22050.5), ValueError, "768000 Hz, got 22050.5"),
    ],
)  # fmt: skip
def test_bad_prompts(tts: Synthesizer, prompt: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        tts.clone(prompt)


def test_bad_prompt_files(tts: Synthesizer, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"prompt file .*no\.wav' does not exist"):
        tts.clone(tmp_path / "no.wav")
    with pytest.raises(IsADirectoryError, match="is a folder: expected a file"):
        tts.clone(tmp_path)
    for content in (b"", b"not a sound", b"RIFF" + bytes(40)):
        (tmp_path / "bad.wav").write_bytes(content)
        with pytest.raises(ValueError, match=r"bad\.wav' is no readable sound file"):
            tts.clone(tmp_path / "bad.wav")


def test_bad_model_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model file .*no\.bin' does not exist"):
        muspeaker.load(tmp_path / "no.bin")
    with pytest.raises(IsADirectoryError, match="is a folder: expected a model file"):
        muspeaker.load(tmp_path)
    with pytest.raises(TypeError, match="model must be a path, got int"):
        muspeaker.load(3)


@pytest.mark.parametrize(
    ("threads", "error", "message"),
    [
        (0, ValueError, "num_threads must be 1 to 256, got 0"),
        (257, ValueError, "num_threads must be 1 to 256, got 257"),
        (1.0, TypeError, "num_threads must be an int, got float"),
        (True, TypeError, "num_threads must be an int, got bool"),
    ],
)
def test_bad_threads(tmp_path: Path, threads: Any, error: type, message: str) -> None:
    (tmp_path / "a.bin").write_bytes(b"GGUF")
    with pytest.raises(error, match=message):
        muspeaker.load(tmp_path / "a.bin", num_threads=threads)


def gguf(*pairs: tuple[str, int, bytes]) -> bytes:
    """A file of GGUF version 3 with the given header values and no tensors."""
    header = b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs))
    for key, kind, value in pairs:
        header += struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", kind) + value
    return header


def text_value(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


ARCHITECTURE = ("general.architecture", 8, text_value("muspeaker"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"GGUF", "is truncated|does not begin with GGUF", id="magic"),
        pytest.param(b"RIFF" + bytes(200), "is not a muspeaker model", id="foreign"),
        pytest.param(gguf(("general.architecture", 8, text_value("llama"))), "llama", id="llama"),
        pytest.param(gguf(ARCHITECTURE), "format_version is missing", id="bare"),
        pytest.param(
            gguf(ARCHITECTURE, ("muspeaker.format_version", 4, struct.pack("<I", 99))),
            "99.*newer|newer.*99",
            id="newer",
        ),
        pytest.param(gguf(ARCHITECTURE)[:-3], "is truncated", id="cut"),
    ],
)
def test_bad_model_files(tmp_path: Path, content: bytes, message: str) -> None:
    core = pytest.importorskip("muspeaker._core", reason="the engine is not built")
    if not hasattr(core, "Synthesizer"):
        pytest.skip("the engine does not speak yet")
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(muspeaker.ModelFileError, match=message):
        muspeaker.load(tmp_path / "a.bin")
