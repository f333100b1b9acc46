"""An engine that makes noise instead of speech, for tests of everything around it."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import muspeaker
from muspeaker.cli import app
from muspeaker.config import MelDecoderConfig, ModelConfig
from muspeaker.text.phone_sets import MISAKI_SYMBOLS
from muspeaker.tts import Synthesizer
from muspeaker.voice import Voice
from tests.espeak import HAS_ESPEAK

if TYPE_CHECKING:
    from pathlib import Path

# Phones of espeak-ng, or, where that is not installed, those that English needs no other package for.
PHONES: dict[str, Any] = {} if HAS_ESPEAK else {"symbols": MISAKI_SYMBOLS}
HOP = 256
FRAMES_A_TOKEN = 4


def header_of(config: ModelConfig) -> dict[str, object]:
    """A config as the engine reads it from a model file: `audio.sample_rate` and so on."""
    header: dict[str, object] = {}
    for name, value in asdict(config).items():
        if isinstance(value, dict):
            header |= {f"{name}.{key}": item for key, item in value.items()}
        elif value is not None:
            header[name] = value
    return header


NO_MOMENTS = MelDecoderConfig(prompt_moments=0)  # so that a voice is its embedding of 192 numbers
DECODER_SHAPES = {"b.weight": (5, 6, 4), "b.bias": (6,), "a.weight": (3, 4), "a.bias": (3,)}


class FakeSpeaking:
    """The surface of what `_core.Synthesizer.start` gives."""

    def __init__(self, samples: np.ndarray, durations: np.ndarray, chunk_samples: int) -> None:
        self.durations = durations
        self.num_samples = len(samples)
        self._chunks = iter(np.split(samples, range(chunk_samples, len(samples), chunk_samples)))

    def next_chunk(self, whole: bool = False) -> np.ndarray | None:
        chunks = list(self._chunks) if whole else list(islice(self._chunks, 1))
        return np.concatenate(chunks) if chunks else None


class FakeEngine:
    """The surface of `_core.Synthesizer`; keeps what it was called with."""

    chunk_samples = 1 << 30  # an utterance in one

    def __init__(self) -> None:
        self.config = header_of(ModelConfig(name="fake", mel_decoder=NO_MOMENTS, **PHONES))
        self.config |= {"weight_type": "f32", "fingerprint": "0123456789abcdef"}
        self.num_parameters = 1234
        self.clones: list[tuple[np.ndarray, np.ndarray]] = []
        self.calls: list[dict[str, Any]] = []
        self.plain: list[bool] = []  # of the clones

    def clone(
        self,
        samples: np.ndarray,
        samples_16k: np.ndarray,
        *,
        plain: bool = False,
        changes: object = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        assert changes is None  # the fake has no decoder to learn anything
        self.clones.append((samples, samples_16k))
        self.plain.append(plain)
        rng = np.random.default_rng(len(samples))
        frames = len(samples) // HOP // 4
        return rng.normal(size=192).astype("f4"), rng.normal(size=(frames, 128)).astype("f4")

    def decoder_weights(self) -> dict[str, np.ndarray]:
        return {name: np.zeros(shape, "f4") for name, shape in DECODER_SHAPES.items()}

    def synthesize(
        self,
        tokens: np.ndarray,
        vector: np.ndarray,
        style: np.ndarray,
        **options: Any,
    ) -> tuple[np.ndarray, np.ndarray]:
        assert tokens.dtype == np.int32
        phones, _, _ = tokens
        self.calls.append({"phones": phones, "vector": vector, "style": style, **options})
        durations = np.full(len(phones), FRAMES_A_TOKEN, np.int32)
        noise = np.random.default_rng(options["seed"]).normal(size=int(durations.sum()) * HOP)
        return (0.1 * noise).astype(np.float32), durations

    def fork(self, num_threads: int) -> FakeEngine:
        assert num_threads == 1
        fork = FakeEngine()
        fork.calls, fork.chunk_samples = self.calls, self.chunk_samples
        return fork

    def start(self, *arrays: np.ndarray, **options: Any) -> FakeSpeaking:
        return FakeSpeaking(*self.synthesize(*arrays, **options), self.chunk_samples)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def tts(engine: FakeEngine) -> Synthesizer:
    return Synthesizer(engine)


@pytest.fixture
def run(tts: Synthesizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run one command in an empty folder on the fake engine."""
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, text: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=text)

    return invoke


@pytest.fixture
def voice(tts: Synthesizer) -> Voice:
    rng = np.random.default_rng(1)
    return Voice(
        rng.normal(size=192).astype("f4"),
        rng.normal(size=(40, 128)).astype("f4"),
        name="anna",
        fingerprint=tts.fingerprint,
    )


@pytest.fixture
def voice_folder(voice: Voice, tmp_path: Path) -> Path:
    """A voice folder with two voices of the fake model and three files that are none of its."""
    voice.save(tmp_path / "anna.voice")
    (tmp_path / "deep").mkdir()
    bert = Voice(
        voice.vector,
        voice.style,
        name="Bert B.",
        fingerprint=voice.fingerprint,
        language="en-gb",
    )
    bert.save(tmp_path / "deep" / "bert.voice")
    Voice(voice.vector, voice.style, name="other", fingerprint="ff").save(tmp_path / "other.voice")
    (tmp_path / "broken.voice").write_bytes(b"MUSPVOX\nnothing")
    (tmp_path / "notes.txt").write_text("no voice")
    return tmp_path


@pytest.fixture
def tone() -> np.ndarray:
    """Two seconds at 24 kHz, (samples,) float32."""
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(48000) / 24000)).astype(np.float32)


@pytest.fixture(scope="session")
def shipped() -> Synthesizer:
    """The model that ships, on one thread."""
    from muspeaker.loading import load  # noqa: PLC0415 (it needs the engine)

    return load(num_threads=1)
