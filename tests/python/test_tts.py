from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import muspeaker
from muspeaker.options import STYLES, sentence_seed
from muspeaker.sound.audio import Audio
from muspeaker.text.sentences import PARAGRAPH_PAUSE_SECONDS, SENTENCE_PAUSE_SECONDS
from muspeaker.text.utterances import MAX_TOKENS
from muspeaker.voice import Voice
from tests.espeak import needs_espeak

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer

HOP, FRAMES_A_TOKEN = 256, 4


def test_public_names() -> None:
    for name in muspeaker.__all__:
        assert getattr(muspeaker, name).__name__ == name
    assert set(muspeaker.__all__) <= set(dir(muspeaker))
    with pytest.raises(AttributeError, match="has no attribute 'sing'"):
        muspeaker.sing  # noqa: B018


def test_clone_resamples_and_levels(
    tts: Synthesizer, engine: Any, tmp_path: Path, tone: np.ndarray
) -> None:
    soundfile.write(tmp_path / "anna.wav", 0.1 * tone, 24000)
    voice = tts.clone(tmp_path / "anna.wav")
    samples, samples_16k = engine.clones[0]
    assert (len(samples), len(samples_16k)) == (44100, 32000)
    assert samples.dtype == samples_16k.dtype == np.float32
    assert float(np.sqrt(np.mean(samples**2))) == pytest.approx(0.07, rel=0.05)
    assert (voice.name, voice.fingerprint) == ("anna", tts.fingerprint)
    same = tts.clone((0.1 * tone, 24000), name="b")
    np.testing.assert_allclose(same.vector, voice.vector)
    assert same.name == "b"
    assert engine.plain == [False, False]
    tts.clone(tmp_path / "anna.wav", plain=True)
    assert engine.plain[2]


def test_clone_takes_noise_down_where_it_is_asked_to(
    tts: Synthesizer, engine: Any, tone: np.ndarray
) -> None:
    noisy = tone * (np.arange(len(tone)) % 12000 < 6000)  # on and off
    noisy += 0.003 * np.random.default_rng(0).standard_normal(len(tone)).astype(np.float32)
    tts.clone((noisy, 24000))
    tts.clone((noisy, 24000), denoise=True)
    (heard, heard_16k), (quieter, as_before) = engine.clones[:2]
    np.testing.assert_array_equal(as_before, heard_16k)  # for the timbre encoder
    assert float(np.std(heard)) == pytest.approx(float(np.std(quieter)), rel=0.05)
    quiet = slice(17500, 21500)  # at 22050 Hz
    assert float(np.std(quieter[quiet])) < 0.4 * float(np.std(heard[quiet]))


def test_synthesize_passes_everything_on(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    other = Voice(voice.vector * 2, voice.style * 2, fingerprint=voice.fingerprint)
    tts.synthesize(
        "Hi.", voice, speed=1.5, pitch=-2, energy=2, temperature=0.1, seed=9, style=other
    )
    call = engine.calls[0]
    assert (call["speed"], call["pitch"], call["energy"], call["temperature"]) == (
        1.5,
        -2.0,
        2.0,
        0.1,
    )
    assert call["seed"] == sentence_seed(9, 0)
    assert call["vector"] is voice.vector
    assert call["style"] is other.style


@pytest.mark.parametrize(("seed", "variation"), [(0, 0.0), (1, 0.7), (None, 0.7)])
def test_seed_0_is_the_models_own_delivery(
    tts: Synthesizer, engine: Any, voice: Voice, seed: int | None, variation: float
) -> None:
    tts.synthesize("Hi. You.", voice, seed=seed, variation=0.7, expression=1.5)
    assert [(call["variation"], call["expression"]) for call in engine.calls] == [
        (variation, 1.5)
    ] * 2


@pytest.mark.parametrize("style", ["calm", "lively"])
def test_a_named_style_multiplies_what_is_given(
    tts: Synthesizer, engine: Any, voice: Voice, style: str
) -> None:
    tts.synthesize("Hi.", voice, style=style)
    tts.synthesize("Hi.", voice, style=style, speed=1.2, energy=0.5, expression=1.1)
    plain, changed = engine.calls
    factors = STYLES[style]
    for name, given in (("speed", 1.2), ("energy", 0.5), ("expression", 1.1)):
        assert plain[name] == pytest.approx(getattr(factors, name))
        assert changed[name] == pytest.approx(given * getattr(factors, name))
        assert (plain[name] > 1) == (style == "lively")
    assert plain["style"] is voice.style


def test_a_named_style_stays_within_the_options(
    tts: Synthesizer, engine: Any, voice: Voice
) -> None:
    tts.synthesize("Hi.", voice, style="lively", speed=2.0, energy=4.0, expression=2.0)
    call = engine.calls[0]
    assert (call["speed"], call["energy"], call["expression"]) == (2.0, 4.0, 2.0)


def test_same_seed_same_samples(tts: Synthesizer, voice: Voice) -> None:
    text = "One sentence. One sentence."
    a, b = tts.synthesize(text, voice), tts.synthesize(text, voice, seed=0)
    np.testing.assert_array_equal(a.samples, b.samples)
    assert not np.array_equal(a.samples, tts.synthesize(text, voice, seed=1).samples)
    drawn = [tts.synthesize(text, voice, seed=None).samples for _ in range(2)]
    assert not np.array_equal(*drawn)


def test_sentences_get_seeds_of_their_own(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    tts.synthesize("One. Two. Three.", voice)
    seeds = [call["seed"] for call in engine.calls]
    assert seeds == [sentence_seed(0, index) for index in range(3)]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_chunks_joined_are_the_whole(tts: Synthesizer, voice: Voice) -> None:
    text = "One day, two. Three?\n\nFour!"
    chunks = list(tts.stream(text, voice, speed=2.0))
    whole = tts.synthesize(text, voice, speed=2.0)
    assert len(chunks) == 3
    np.testing.assert_array_equal(np.concatenate([c.samples for c in chunks]), whole.samples)
    assert Audio.join(chunks).words == whole.words
    assert [word.text for word in whole.words] == ["One", "day", "two", "Three", "Four"]
    # Silent frames of the speech itself, after its words and before the next ones, are part of a pause.
    after, before = 2 * FRAMES_A_TOKEN * HOP / tts.sample_rate, 2 * HOP / tts.sample_rate
    pauses = [SENTENCE_PAUSE_SECONDS / 2, PARAGRAPH_PAUSE_SECONDS / 2, 0.0]
    for chunk, seconds in zip(chunks, pauses, strict=True):
        left = max(0.0, seconds - before - after)
        silence = round(left * tts.sample_rate)
        assert not chunk.samples[len(chunk.samples) - silence :].any()
        assert (len(chunk.samples) - silence) % HOP == 0
    assert any(seconds > before + after for seconds in pauses)


def test_times_of_words_and_phones(tts: Synthesizer, voice: Voice) -> None:
    audio = tts.synthesize("Big cat.", voice)
    step = FRAMES_A_TOKEN * HOP / tts.sample_rate
    assert [(w.text, round(w.start / step), round(w.end / step)) for w in audio.words] == [
        ("Big", 1, 4), ("cat", 4, 7)
    ]  # fmt: skip
    assert [p.text for p in audio.phones] == ["b", "ɪ", "ɡ", "k", "æ", "t"]
    assert audio.phones[0].start == pytest.approx(step)
    assert audio.phones[-1].end == pytest.approx(7 * step)


def test_long_numbers_are_halved_until_they_fit(
    tts: Synthesizer, engine: Any, voice: Voice
) -> None:
    tts.synthesize("7777777 " * 40, voice)
    assert all(len(call["phones"]) <= MAX_TOKENS for call in engine.calls)


@needs_espeak
def test_phonemes(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    tts.synthesize("həlˈoʊ wˈɜːld.", voice, phonemes=True)
    symbols = [tts.symbols[phone] for phone in engine.calls[0]["phones"]]
    assert symbols == ["_", "h", "ə", "l", "oʊ", "w", "ɜː", "l", "d", ".", "_"]


def test_a_voice_reads_in_its_own_language(tts: Synthesizer, engine: Any, tone: np.ndarray) -> None:
    def phones(voice: Voice, **options: Any) -> list[int]:
        tts.synthesize("A bath, rather.", voice, **options)
        return engine.calls[-1]["phones"].tolist()

    plain, british = (tts.clone((tone, 24000), language=tag) for tag in (None, "en-GB"))
    assert (plain.language, british.language) == ("", "en-gb")
    american = phones(plain)
    assert phones(british) == phones(plain, language="en-gb") != american
    assert phones(british, language="en-us") == american
    assert phones(plain, style=british) == american
    tts.dialogue([(british, "A bath, rather."), (plain, "A bath, rather.")])
    assert [call["phones"].tolist() for call in engine.calls[-2:]] == [phones(british), american]
    with pytest.raises(ValueError, match="'de' is not one of this model's"):
        tts.clone((tone, 24000), language="de")
    assert len(engine.clones) == 2


def test_accents_of_the_models_language_are_taken(tts: Synthesizer, voice: Voice) -> None:
    assert tts.synthesize("Hello.", voice, language="en-GB").duration > 0


def test_shows_itself(tts: Synthesizer) -> None:
    assert repr(tts) == "Synthesizer('fake', f32, 0.0 M parameters)"
