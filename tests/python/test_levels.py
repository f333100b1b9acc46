"""How loud speech is and where it begins: the same in every voice, whatever the prompt was like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import muspeaker
from muspeaker.sound.loudness import CEILING

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker import Audio, Synthesizer, Voice

TEXTS = ["Yes.", "Good morning.", "He was, however, not at all sure that they would agree to it."]
PROMPT = (
    "[pause 0.6s] The birch canoe slid on the smooth planks. [pause 0.6s] Glue the sheet to the "
    "dark blue background. [pause 0.6s] It is easy to tell the depth of a well. [pause 0.6s]"
)
PROMPTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda x: x,
    "noisy": lambda x: x + noise(x, 0.004),
    "dull": lambda x: np.convolve(x, np.ones(8) / 8, "same"),
    "shrill": lambda x: x - 0.4 * np.append(0.0, x[:-1]),
}


def noise(samples: np.ndarray, level: float) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(len(samples))


@pytest.fixture(scope="module")
def tts() -> Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def voices(tts: Synthesizer) -> list[Voice]:
    spoken = tts.synthesize(PROMPT, pause=0.0)
    rate_hz = spoken.sample_rate
    return [
        muspeaker.Voice.builtin(),
        *(
            tts.clone((change(spoken.samples).astype(np.float32), rate_hz), name=name)
            for name, change in PROMPTS.items()
        ),
    ]


def lufs(audio: Audio) -> float:
    """BS.1770-4; what is shorter than a block ends in silence."""
    scipy_signal = pytest.importorskip("scipy.signal")
    x = scipy_signal.resample_poly(audio.samples.astype(float), 48000, audio.sample_rate)
    x = np.pad(x, (0, max(0, 19200 - len(x))))
    x = scipy_signal.lfilter(
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1.0, -1.69065929318241, 0.73248077421585],
        x,
    )
    x = scipy_signal.lfilter([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621], x)
    power = np.array([np.mean(x[i : i + 19200] ** 2) for i in range(0, len(x) - 19199, 4800)])
    power = power[power > 10 ** (-6.9309)]
    power = power[power > power.mean() / 10]
    return float(-0.691 + 10 * np.log10(power.mean()))


def test_every_voice_is_as_loud_from_one_word_up(tts: Synthesizer, voices: list[Voice]) -> None:
    for voice in voices:
        for text in TEXTS:
            assert lufs(tts.synthesize(text, voice)) == pytest.approx(-23.0, abs=1.5), voice.name


def test_peaks_stay_below_one_decibel(tts: Synthesizer, voices: list[Voice]) -> None:
    scipy_signal = pytest.importorskip("scipy.signal")
    for voice in voices:
        samples = tts.synthesize(TEXTS[-1], voice).samples.astype(float)
        between = scipy_signal.resample_poly(samples, 4, 1)
        assert np.abs(between).max() <= 10 ** (-1 / 20), voice.name
    assert np.abs(tts.synthesize(TEXTS[-1], volume=4.0).samples).max() <= CEILING


def test_volume_changes_the_level(tts: Synthesizer) -> None:
    plain, half = (lufs(tts.synthesize(TEXTS[-1], volume=volume)) for volume in (1.0, 0.5))
    assert plain - half == pytest.approx(6.0, abs=0.1)


def test_speech_begins_soon_in_every_voice(tts: Synthesizer, voices: list[Voice]) -> None:
    for voice in voices:
        for text in TEXTS:
            audio = tts.synthesize(text, voice)
            assert audio.words[0].start <= 0.03, voice.name
            assert audio.duration - audio.words[-1].end <= 0.04, voice.name


@pytest.mark.parametrize("pause", [0.1, 0.6])
def test_a_pause_is_as_long_as_it_says(tts: Synthesizer, voices: list[Voice], pause: float) -> None:
    for voice in voices:
        words = tts.synthesize("One. Two.", voice, pause=pause).words
        assert words[1].start - words[0].end == pytest.approx(pause, abs=0.03), voice.name
        words = tts.synthesize(f"One [pause {pause}s] two", voice).words
        assert words[1].start - words[0].end == pytest.approx(pause, abs=0.03), voice.name
