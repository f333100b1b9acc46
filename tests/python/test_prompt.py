"""Recordings as people make them: with rumble, silence, telephones, clipping and noise."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import soxr
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.serve.openai.settings import Settings
from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.sound.fast_size import fast_size
from muspeaker.sound.prompt import PromptWarning, high_passed, troubles
from tests.serving import add_voice, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from muspeaker.tts import Synthesizer

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
RATE_HZ = 22050


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def speech(model: Synthesizer) -> np.ndarray:
    """Five seconds of clean speech, (samples,) float32 at 22,050 Hz."""
    return model.synthesize(TEXT, muspeaker.Voice.builtin()).samples


@pytest.fixture(autouse=True)
def loud() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", PromptWarning)
        yield


def seconds_of(samples: np.ndarray) -> np.ndarray:
    return np.arange(len(samples)) / RATE_HZ


def level_db(samples: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(samples**2)))


def cosine(a: muspeaker.Voice, b: muspeaker.Voice) -> float:
    x, y = a.vector[: a.embedding], b.vector[: b.embedding]
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


BELOW_SPEECH: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "offset": lambda _: np.float64(0.03),
    "large offset": lambda _: np.float64(-0.3),
    "rumble": lambda time: 0.03 * np.sin(2 * np.pi * 8 * time),
}


@pytest.mark.parametrize("what", BELOW_SPEECH)
def test_what_lies_below_speech_does_not_move_the_voice(
    model: Synthesizer, speech: np.ndarray, what: str
) -> None:
    clean = model.clone((speech, RATE_HZ))
    moved = model.clone((speech + BELOW_SPEECH[what](seconds_of(speech)), RATE_HZ))
    assert cosine(clean, moved) > 0.99
    spoken = [model.synthesize("The birch canoe slid.", voice).samples for voice in (clean, moved)]
    assert abs(level_db(spoken[1]) - level_db(spoken[0])) < 1.0


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
def test_the_high_pass_leaves_speech_alone(rate_hz: int) -> None:
    time = np.arange(2 * rate_hz) / rate_hz

    def gain_db(hz: float) -> float:
        tone = np.sin(2 * np.pi * hz * time).astype(np.float32)
        middle = slice(rate_hz // 2, -rate_hz // 2)
        return level_db(high_passed(tone, rate_hz)[middle]) - level_db(tone[middle])

    assert gain_db(8) < -40
    assert abs(gain_db(70)) < 0.5
    assert abs(gain_db(1000)) < 0.01
    assert high_passed(np.zeros(7, np.float32), rate_hz).shape == (7,)


@pytest.mark.parametrize(
    ("least", "size"), [(1, 1), (7, 8), (116_025, 116_640), (960_001, 960_000 * 81 // 80)]
)
def test_no_transform_is_of_a_large_prime(least: int, size: int) -> None:
    assert fast_size(least) == size


@pytest.mark.parametrize("form", ["file", "samples"])
def test_silence_before_the_speech_is_skipped(
    model: Synthesizer, speech: np.ndarray, tmp_path: Path, form: str
) -> None:
    late = np.concatenate([np.zeros(40 * RATE_HZ, np.float32), speech])
    prompt: Any = (late, RATE_HZ)
    if form == "file":
        prompt = tmp_path / "late.flac"
        soundfile.write(prompt, late, RATE_HZ)
    assert cosine(model.clone((speech, RATE_HZ)), model.clone(prompt)) > 0.99


def test_silence_is_no_speech(model: Synthesizer, speech: np.ndarray) -> None:
    word = speech[RATE_HZ // 2 : RATE_HZ]
    for parts in ((word, np.zeros(3 * RATE_HZ)), (1e-4 * speech, word)):
        with pytest.raises(
            ValueError, match=r"prompt is too short: expected at least 1 s of speech"
        ):
            model.clone((np.concatenate(parts), RATE_HZ))


def test_channels_in_opposite_phase_are_heard(
    model: Synthesizer, speech: np.ndarray, tmp_path: Path
) -> None:
    stereo = np.stack([speech, -speech], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, RATE_HZ)
    clean = model.clone((speech, RATE_HZ))
    for prompt in ((stereo, RATE_HZ), tmp_path / "a.wav"):
        assert cosine(clean, model.clone(prompt)) > 0.99


def telephone(speech: np.ndarray) -> np.ndarray:
    return soxr.resample(soxr.resample(speech, RATE_HZ, 8000), 8000, RATE_HZ)


def noisy(speech: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=len(speech))
    return speech + noise * np.sqrt(np.mean(speech**2)) / 10 ** (8 / 20)


def time_of(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def tones(frequencies: list[float], share: float = 1.0) -> np.ndarray:
    """Five seconds of tones at once, that sound for a share of every second."""
    time = time_of(5.0)
    mixed = sum(np.sin(2 * np.pi * hz * time) for hz in frequencies)
    return 0.1 * mixed * (time % 1 < share) + 1e-4 * np.random.default_rng(0).normal(size=len(time))


def plucked_chords() -> np.ndarray:
    """Ten chords of half a second that die away."""
    roots = np.repeat([262, 349, 392, 262, 294, 440, 330, 392, 349, 262], RATE_HZ // 2)
    time = np.arange(len(roots)) / RATE_HZ
    ratios = (1, 1.26, 1.5, 2, 2.52, 3)
    mixed = sum(np.sin(2 * np.pi * np.cumsum(roots * ratio) / RATE_HZ) for ratio in ratios)
    return 0.1 * mixed * np.exp(-4 * (time % 0.5))


MUSIC: dict[str, np.ndarray] = {
    "a sine": tones([440]),
    "a ringtone": tones([440, 480], 0.6),
    "a chord": tones([262, 330, 392]),
    "plucked chords": plucked_chords(),
}


@pytest.mark.parametrize("what", MUSIC)
@pytest.mark.parametrize("rate_hz", [16000, 48000])
def test_tones_and_music_are_no_voice(what: str, rate_hz: int) -> None:
    found = troubles(soxr.resample(MUSIC[what], RATE_HZ, rate_hz).astype(np.float32), rate_hz)
    assert any("music or tones" in trouble for trouble in found)


def test_a_high_and_a_low_voice_are_two(model: Synthesizer) -> None:
    low, high = (
        model.synthesize(TEXT, muspeaker.Voice.builtin("walter"), pitch=pitch).samples
        for pitch in (0, 12)
    )
    for parts in ((low, high), (high[: len(high) // 2], low, high[len(high) // 2 :])):
        found = troubles(np.concatenate(parts), model.sample_rate)
        assert any("more than one voice" in trouble for trouble in found)
    for one in (low, high, np.concatenate([low, low])):
        assert troubles(one, model.sample_rate) == []


TROUBLES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "telephone": (telephone, "nothing above 4 kHz"),
    "noise": (noisy, "noisy"),
    "clipping": (lambda speech: np.clip(8 * speech, -0.9, 0.9), "clipped"),
    "short": (lambda speech: speech[: 2 * RATE_HZ], "s of speech"),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_trouble_is_named(model: Synthesizer, speech: np.ndarray, what: str) -> None:
    spoil, words = TROUBLES[what]
    spoilt = spoil(speech).astype(np.float32)
    with pytest.warns(PromptWarning, match=words) as caught:
        model.clone((spoilt, RATE_HZ))
    assert caught[0].filename == __file__
    assert len(troubles(spoilt, RATE_HZ)) == 1


def test_good_speech_is_no_trouble(model: Synthesizer, speech: np.ndarray) -> None:
    assert troubles(speech, RATE_HZ) == []
    for rate_hz in (16000, 44100):
        assert troubles(soxr.resample(speech, RATE_HZ, rate_hz), rate_hz) == []
    model.clone((speech, RATE_HZ))


@pytest.fixture
def short(speech: np.ndarray, tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "short.wav", speech[: 2 * RATE_HZ], RATE_HZ)
    return tmp_path / "short.wav"


def test_the_command_line_names_it(
    tts: Synthesizer, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    voice = str(short.with_suffix(".voice"))
    for command in (
        ["clone", str(short), "-o", voice],
        ["say", "Hi.", "--voice", str(short), "-o", f"{voice}.wav"],
    ):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        assert "warning: the recording has only" in result.stderr


def test_the_server_names_it(tts: Synthesizer, short: Path, tmp_path: Path) -> None:
    warnings.simplefilter("ignore", PromptWarning)
    with serving(tts, Settings(data_folder=tmp_path / "data")) as client:
        (warning,) = add_voice(client, audio_sample=short.read_bytes()).to_dict()["warnings"]
    assert warning.startswith("the recording has only")


def test_the_demo_names_it(
    tts: Synthesizer,
    voice: muspeaker.Voice,
    short: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = pytest.importorskip("muspeaker.serve.demo.page")
    warnings.simplefilter("ignore", PromptWarning)
    told: list[str] = []
    monkeypatch.setattr(page.gr, "Warning", told.append)
    (tmp_path / "voices").mkdir()
    voice.save(tmp_path / "voices" / "anna.voice")
    demo = page.Demo(tts, VoiceFolder(tts.fingerprint, tmp_path / "voices"))
    demo._clone(str(short))
    demo._folder.cleanup()
    assert [text.startswith("The recording has only") for text in told] == [True]
