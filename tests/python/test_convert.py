"""Voice conversion as users see it: on the tiny model of the newest format, and around a fake engine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import muspeaker
from muspeaker._core import probe
from muspeaker.cli import app
from muspeaker.config import AlignerConfig
from muspeaker.tts import Synthesizer
from tests.conftest import speech_like

GOLDEN = Path(__file__).parents[1] / "golden"
PHONES = "pˈb td, kɡ. ptk!"  # the tiny model has symbols up to tʃ
RATE_HZ = 16000


@pytest.fixture(scope="module")
def tiny() -> Synthesizer:
    return muspeaker.load(GOLDEN / "v2-q8.bin", num_threads=1)


@pytest.fixture(scope="module")
def prompt() -> tuple[np.ndarray, int]:
    return speech_like(RATE_HZ, 2.4, seed=3), RATE_HZ


@pytest.fixture(scope="module")
def target(tiny: Synthesizer, prompt: tuple[np.ndarray, int]) -> muspeaker.Voice:
    return tiny.clone(prompt, name="anna")


@pytest.fixture(scope="module")
def source() -> tuple[np.ndarray, int]:
    return speech_like(RATE_HZ, 1.5), RATE_HZ


def test_it_lasts_as_long_as_the_source(
    tiny: Synthesizer, source: Any, target: muspeaker.Voice
) -> None:
    audio = tiny.convert(source, target, PHONES, phonemes=True)
    assert audio.duration == pytest.approx(1.5, abs=256 / 22050)
    assert audio.samples.dtype == np.float32
    assert np.isfinite(audio.samples).all()
    assert [word.text for word in audio.words] == ["pˈb", "td", "kɡ", "ptk"]
    assert [phone.text for phone in audio.phones] == list("pbtdkɡptk")
    edges = [edge for word in audio.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert 0 < edges[0] < edges[-1] < audio.duration
    assert len({phone.end - phone.start for phone in audio.phones}) > 1


def test_any_form_of_the_source_and_any_thread_count(
    tiny: Synthesizer, source: Any, target: muspeaker.Voice, tmp_path: Path
) -> None:
    samples, rate_hz = source
    expected = tiny.convert(source, target, PHONES, phonemes=True).samples
    soundfile.write(tmp_path / "a.wav", samples, rate_hz, subtype="FLOAT")
    wide = np.stack([samples, samples], axis=1).astype(np.float64)
    forms = [tmp_path / "a.wav", (wide, rate_hz), muspeaker.Audio(samples, rate_hz)]
    for form in forms:
        given = tiny.convert(form, target, PHONES, phonemes=True).samples
        np.testing.assert_array_equal(given, expected)
    many = muspeaker.load(GOLDEN / "v2-q8.bin", num_threads=3)
    again = many.convert(source, target, PHONES, phonemes=True).samples
    np.testing.assert_array_equal(again, expected)


def test_options_do_something(tiny: Synthesizer, source: Any, target: muspeaker.Voice) -> None:
    plain = tiny.convert(source, target, PHONES, phonemes=True)
    for option in ({"pitch": 4.0}, {"energy": 2.0}, {"seed": 1}):
        other = tiny.convert(source, target, PHONES, phonemes=True, **option)
        assert len(other.samples) == len(plain.samples)
        assert not np.array_equal(other.samples, plain.samples)
    # The durations are the source's.
    assert other.words == plain.words


def test_a_text_of_several_sentences_is_one(fake: Any, source: Any, voice: Any) -> None:
    tts, engine = fake
    audio = tts.convert(source, voice, "One. Two!\n\nThree [pause 2s] four?", pitch=2.0)
    assert [word.text for word in audio.words] == ["One", "Two", "Three", "four"]
    call = engine.conversions[-1]
    assert call["pitch"] == 2.0
    phones = call["phones"]
    assert np.count_nonzero(phones == 0) == 5  # at the ends, and where two sentences meet
    assert not np.any((phones[1:] == 0) & (phones[:-1] == 0))
    starts = [word.start for word in audio.words]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"source": "no.wav"}, FileNotFoundError, "source file 'no.wav' does not exist"),
        ({"source": 3}, TypeError, "source must be a path"),
        ({"source": (np.zeros(RATE_HZ), RATE_HZ)}, ValueError, "source is silent"),
        (
            {"source": (np.tile([0.5, -0.5], 50), RATE_HZ)},
            ValueError,
            "source is too short: expected at least",
        ),
        ({"source": (np.full(RATE_HZ, np.nan), RATE_HZ)}, ValueError, "source has non-finite"),
        ({"source": (np.tile([0.5, -0.5], RATE_HZ * 31), RATE_HZ)}, ValueError, "at most 60 s"),
        ({"text": ""}, ValueError, "text is empty"),
        ({"text": "?!"}, ValueError, "nothing to speak"),
        ({"text": "ptk" * 60}, ValueError, "more than the recording's 129 frames"),
        ({"voice": 3}, TypeError, "voice must be a Voice"),
        ({"speed": 2.0}, TypeError, "unknown option 'speed': expected one of pitch, energy"),
        ({"pitch": 40.0}, ValueError, "pitch must be"),
    ],
)
def test_errors(
    tiny: Synthesizer, source: Any, target: muspeaker.Voice, change: Any, error: Any, message: str
) -> None:
    arguments = {"source": source, "voice": target, "text": PHONES, "phonemes": True} | change
    with pytest.raises(error, match=message):
        tiny.convert(**arguments)


def test_a_voice_of_another_model(tiny: Synthesizer, source: Any, voice: Any) -> None:
    with pytest.raises(ValueError, match="was made by model 0123456789abcdef"):
        tiny.convert(source, voice, PHONES, phonemes=True)


def test_a_model_without_an_aligner_says_so(prompt: Any, source: Any) -> None:
    old = muspeaker.load(GOLDEN / "v1-q8.bin", num_threads=1)
    with pytest.raises(
        ValueError, match="has no phone classifier and no aligner, one of which converting"
    ):
        old.convert(source, old.clone(prompt), PHONES, phonemes=True)


class ConvertingEngine:
    """The fake engine with an aligner that gives every phone two frames."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.config = engine.config | {
            f"aligner.{name}": size for name, size in asdict(AlignerConfig()).items()
        }
        self.num_parameters = engine.num_parameters
        self.conversions: list[dict[str, Any]] = []

    def convert(
        self, samples: np.ndarray, tokens: np.ndarray, *_voice: np.ndarray, **options: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        assert samples.dtype == np.float32
        phones, _, _ = tokens
        self.conversions.append({"phones": phones, **options})
        return samples, np.full(len(phones), 2, np.int32)


@pytest.fixture
def fake(engine: Any) -> tuple[Synthesizer, ConvertingEngine]:
    converting = ConvertingEngine(engine)
    return Synthesizer(converting), converting  # type: ignore[arg-type]


@pytest.fixture
def run(fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Any, voice: Any) -> Any:
    """Run `muspeaker convert a.wav` in a folder with that and a voice."""
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: fake[0], raising=False)
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", *source)
    voice.save("anna.voice")
    common = ["convert", "a.wav", "--voice", "anna.voice"]
    return lambda *args, **options: CliRunner().invoke(app, [*common, *args], **options)


def test_command_writes_a_file(run: Any, fake: Any) -> None:
    result = run("--text", "Six songs.", "-o", "b.flac", "--pitch", "-3", "--seed", "4")
    assert result.exit_code == 0, result.output
    assert "b.flac: 1.50 s" in result.output
    assert soundfile.info("b.flac").samplerate == 22050
    assert (fake[1].conversions[0]["pitch"], fake[1].conversions[0]["seed"]) == (-3.0, 4)


def test_command_reads_and_writes_pipes(run: Any) -> None:
    result = run("--text", "-", "-o", "-", input=b"Six songs.")
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes.startswith(b"RIFF")


def test_command_prints_times(run: Any) -> None:
    result = run("--text", "Six songs.", "--json")
    report = json.loads(result.stdout)
    assert report["file"] == "converted.wav"
    assert [word["text"] for word in report["words"]] == ["Six", "songs"]


def test_command_fails_cleanly(run: Any) -> None:
    result = run("--text", "...")
    assert result.exit_code == 1
    assert "error: nothing to speak" in result.stderr
    assert run().exit_code == 2  # no text
    assert run("--text", "Hi", "--pitch", "99").exit_code == 2


def median_f0(audio: muspeaker.Audio) -> float:
    f0 = probe.track_pitch(audio.samples, audio.sample_rate, 256)
    return float(np.median(f0[f0 > 0]))


def test_shipped_model_brings_a_shifted_voice_back() -> None:
    """A voice six semitones too low, converted to itself: its own register, its own word times."""
    tts = muspeaker.load(num_threads=1)
    voice = muspeaker.Voice.builtin()
    text = "The birch canoe slid on the smooth planks."
    plain = tts.synthesize(text, voice)
    low = tts.synthesize(text, voice, pitch=-6.0)
    audio = tts.convert(low, voice, text)
    assert abs(12 * np.log2(median_f0(low) / median_f0(plain))) > 4.0
    assert abs(12 * np.log2(median_f0(audio) / median_f0(plain))) < 2.0
    assert len(audio.words) == len(low.words) == 8
    starts = [abs(a.start - b.start) for a, b in zip(audio.words, low.words, strict=True)]
    assert np.median(starts) < 0.05
