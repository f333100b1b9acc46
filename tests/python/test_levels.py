"""How loud speech is and where it begins: the same in every voice, whatever the prompt was like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

import muspeaker
from muspeaker.sound.edges import EdgeTrimmer, NoiseGate
from muspeaker.sound.loudness import Leveller, loudness
from muspeaker.sound.peaks import PeakLimiter, limit_peaks

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker import Audio, Synthesizer, Voice

WITHIN = 0.03 + 1e-9  # seconds; the difference of two times has an error of its own
TEXTS = ["Yes.", "Good morning.", "He was, however, not at all sure that they would agree to it."]
PROMPT = (
    "[pause 0.6s] The birch canoe slid on the smooth planks. [pause 0.6s] Glue the sheet to the "
    "dark blue background. [pause 0.6s] It is easy to tell the depth of a well. [pause 0.6s]"
)
PROMPTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda x: x,
    "noisy": lambda x: x + noise(x, 0.004),
    "very noisy": lambda x: x + noise(x, 0.01),
    "hissing low": lambda x: x + pink(noise(x, 0.01)),
    "dull": lambda x: np.convolve(x, np.ones(8) / 8, "same"),
    "shrill": lambda x: x - 0.4 * np.append(0.0, x[:-1]),
    "very shrill": lambda x: x - 0.7 * np.append(0.0, x[:-1]),
}


def noise(samples: np.ndarray, level: float) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(len(samples))


def pink(white: np.ndarray) -> np.ndarray:
    """The same noise with 3 dB less for each octave up."""
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    coloured = np.fft.irfft(spectrum, len(white))
    return coloured * white.std() / coloured.std()


@pytest.fixture(scope="module")
def tts() -> Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def voices(tts: Synthesizer) -> list[Voice]:
    """All built-in voices, and clones of each, no two neighbours by the same change."""
    names = muspeaker.Voice.builtin_names()
    changes = list(PROMPTS.items())
    voices = [muspeaker.Voice.builtin(name) for name in names]
    for index, speaker in enumerate(names):
        spoken = tts.synthesize(PROMPT, speaker, pause=0.0)
        for label, change in (changes[(index + step) % len(changes)] for step in (0, 2, 3)):
            heard = (change(spoken.samples).astype(np.float32), spoken.sample_rate)
            voices.append(tts.clone(heard, name=f"{speaker}, {label}"))
    return voices


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
        most = 1.5 if "very shrill" not in voice.name else 2.0  # no mel tells what is above 8 kHz
        for text in TEXTS:
            assert lufs(tts.synthesize(text, voice)) == pytest.approx(-23.0, abs=most), voice.name


def test_a_short_passage_is_levelled_by_its_own_samples(tts: Synthesizer) -> None:
    """And so it comes as one chunk, whichever its loudness is to be."""
    for volume, energy in ((1.0, 1.0), (0.5, 2.0)):
        level = -23.0 + 20 * np.log10(volume * energy)
        heard = lufs(tts.synthesize("No.", "kathleen", volume=volume, energy=energy))
        assert heard == pytest.approx(level, abs=0.1)
    assert len(list(tts.stream("No.", "kathleen"))) == 1
    whole = tts.synthesize("No.", "kathleen").samples
    (chunk,) = tts.stream("No.", "kathleen")
    np.testing.assert_array_equal(chunk.samples, whole)


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.55, 1.2])
def test_loudness_is_that_of_the_standard(seconds: float) -> None:
    rng = np.random.default_rng(0)
    samples = pink(0.1 * rng.standard_normal(round(24000 * seconds))).astype(np.float32)
    samples[: len(samples) // 3] *= np.float32(0.2)
    expected = lufs(muspeaker.Audio(samples, 24000))
    assert loudness(samples, 24000) == pytest.approx(expected, abs=0.1)
    assert loudness(samples * np.float32(1e-5), 24000) == -math.inf


@pytest.mark.parametrize("size", [1, 999, 50000])
def test_the_leveller_holds_back_what_is_short_alone(size: int) -> None:
    def levelled(x: np.ndarray) -> list[np.ndarray]:
        leveller = Leveller(len(x), 24000, -25.0)
        ends = range(0, len(x), size)
        return [leveller.feed(x[i : i + size], is_last=i + size >= len(x)) for i in ends]

    rng = np.random.default_rng(0)
    long = pink(0.05 * rng.standard_normal(29000)).astype(np.float32)
    np.testing.assert_array_equal(np.concatenate(levelled(long)), long)
    short = levelled(long[:20000])
    assert not any(len(piece) for piece in short[:-1])
    assert lufs(muspeaker.Audio(short[-1], 24000)) == pytest.approx(-25.0, abs=0.1)
    silence = np.zeros(2000, np.float32)
    np.testing.assert_array_equal(np.concatenate(levelled(silence)), silence)
    faint = np.concatenate(levelled(long[:20000] * np.float32(0.01)))
    np.testing.assert_allclose(faint, long[:20000] * np.float32(0.01) * 10**0.3, rtol=1e-5)


def true_peak(samples: np.ndarray) -> float:
    scipy_signal = pytest.importorskip("scipy.signal")
    return float(np.abs(scipy_signal.resample_poly(samples.astype(float), 8, 1)).max())


def test_true_peaks_stay_below_one_decibel_at_any_volume(
    tts: Synthesizer, voices: list[Voice]
) -> None:
    for voice in voices:
        for volume in (1.0, 4.0):
            samples = tts.synthesize(TEXTS[-1], voice, volume=volume).samples
            assert true_peak(samples) <= 10 ** (-1 / 20), (voice.name, volume)


def test_peaks_of_voices_at_once_stay_below_it(tts: Synthesizer) -> None:
    turns = [("kathleen", TEXTS[-1]), ("owen", f"[overlap 2s] {TEXTS[-1]}")]
    samples = tts.dialogue(turns, volume=4.0).samples
    assert 0.8 < true_peak(samples) <= 10 ** (-1 / 20)


def test_a_limited_stream_is_the_whole(tts: Synthesizer) -> None:
    whole = tts.synthesize(TEXTS[-1], volume=4.0).samples
    chunks = [chunk.samples for chunk in tts.stream(TEXTS[-1], volume=4.0)]
    np.testing.assert_array_equal(np.concatenate(chunks), whole)
    for size in (1, 999):
        limiter = PeakLimiter(2.0)
        ends = range(0, len(whole), size)
        pieces = [limiter.feed(whole[i : i + size], is_last=i + size >= len(whole)) for i in ends]
        np.testing.assert_array_equal(np.concatenate(pieces), limit_peaks(whole, 2.0))


def test_a_voice_sounds_the_same_after_another(tts: Synthesizer, voices: list[Voice]) -> None:
    def said(engine: Synthesizer, voice: Voice) -> np.ndarray:
        return engine.synthesize(TEXTS[-1], voice).samples

    one, other = voices[:2]
    fresh = said(tts.fork(), one), said(tts.fork(), other)
    turns = said(tts, one), said(tts, other), said(tts, one)
    np.testing.assert_array_equal(turns[0], fresh[0])
    np.testing.assert_array_equal(turns[1], fresh[1])
    np.testing.assert_array_equal(turns[2], fresh[0])


def test_no_voice_has_an_offset(tts: Synthesizer, voices: list[Voice]) -> None:
    for voice in voices:
        for text in TEXTS:
            assert abs(tts.synthesize(text, voice).samples.mean()) <= 1e-4, voice.name


def test_noise_of_the_prompt_is_not_heard_before_speech(
    tts: Synthesizer, voices: list[Voice]
) -> None:
    for voice in voices:
        audio = tts.synthesize("He was, however, not sure.", voice)
        start = round((audio.words[0].start - 0.005) * audio.sample_rate)
        assert start > 0
        lead = audio.samples[:start].astype(float)
        assert np.sqrt(np.mean(lead**2)) <= 1e-3, voice.name  # -60 dBFS


@pytest.mark.parametrize("size", [1, 7, 4000])
def test_the_gate_opens_for_what_begins_sooner(size: int) -> None:
    rng = np.random.default_rng(0)

    def gated(x: np.ndarray, lead: int) -> np.ndarray:
        gate = NoiseGate(lead, 24000)
        ends = range(0, len(x), size)
        return np.concatenate(
            [gate.feed(x[i : i + size], is_last=i + size >= len(x)) for i in ends]
        )

    noisy = (0.008 * rng.standard_normal(4000)).astype(np.float32)
    opened = gated(noisy, 600)
    assert not opened[:480].any()
    np.testing.assert_array_equal(opened[600:], noisy[600:])
    breath = noisy.copy()
    breath[300:600] *= 3.5  # louder than what comes before it, and than -33 dBFS
    opened = gated(breath, 600)
    assert not opened[:180].any()
    np.testing.assert_array_equal(opened[300:], breath[300:])
    soft = noisy * np.float32(0.1)
    soft[360:600] *= 8.0  # -44 dBFS, but it rises
    np.testing.assert_array_equal(gated(soft, 600)[360:], soft[360:])
    sibilant = noisy * np.float32(5.0)
    np.testing.assert_array_equal(gated(sibilant, 600), sibilant)
    np.testing.assert_array_equal(gated(noisy[:300], 600)[:180], np.zeros(180))


def test_noise_after_the_last_phone_is_cut_off() -> None:
    speech = (0.1 * np.random.default_rng(0).standard_normal(12000)).astype(np.float32)
    speech[8000:] *= np.float32(0.05)  # 26 dB below the speech, above what counts as quiet
    bounds = {"trims_start": False, "trims_end": True}
    assert len(EdgeTrimmer(12000, 24000, **bounds).feed(speech)) == 12000
    assert len(EdgeTrimmer(12000, 24000, latest=8480, **bounds).feed(speech)) == 8480 + 120


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
        assert words[1].start - words[0].end == pytest.approx(pause, abs=WITHIN), voice.name
        words = tts.synthesize(f"One [pause {pause}s] two", voice).words
        assert words[1].start - words[0].end == pytest.approx(pause, abs=WITHIN), voice.name
