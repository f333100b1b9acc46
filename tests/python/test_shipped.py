"""The model and the voice that ship in the package: what the README's first command uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

import muspeaker
from muspeaker import refining
from muspeaker.cli import main
from muspeaker.config import FBANK_RATE_HZ, REFINING
from muspeaker.sound.recording import resample

if TYPE_CHECKING:
    from pathlib import Path

SENTENCE = "The birch canoe slid on the smooth planks."


@pytest.fixture(scope="module")
def tts() -> muspeaker.Synthesizer:
    return muspeaker.load(num_threads=1)


def test_speaks_in_the_default_voice(tts: muspeaker.Synthesizer) -> None:
    audio = tts.synthesize(SENTENCE, muspeaker.Voice.builtin())
    assert audio.sample_rate == 24000
    assert 1.5 < audio.duration < 8
    assert 0.005 < np.sqrt(np.mean(audio.samples**2)) < 0.5
    assert [word.text for word in audio.words][:3] == ["The", "birch", "canoe"]


def test_same_samples_at_one_and_two_threads(tts: muspeaker.Synthesizer) -> None:
    voice = muspeaker.Voice.builtin()
    one = tts.synthesize(SENTENCE, voice, seed=5).samples
    two = muspeaker.load(num_threads=2).synthesize(SENTENCE, voice, seed=5).samples
    other = tts.synthesize(SENTENCE, voice, seed=6).samples
    assert np.array_equal(one, two)
    assert len(one) != len(other) or not np.array_equal(one, other)


def test_a_stream_begins_with_a_short_chunk_of_the_whole(tts: muspeaker.Synthesizer) -> None:
    chunks = list(tts.stream(SENTENCE, seed=5))
    assert 0.05 < chunks[0].duration < 0.2
    assert 0.5 < chunks[1].duration < 0.7  # ready on slow processors before the first has ended
    assert [word.text for word in chunks[0].words] == ["The"]
    whole, joined = tts.synthesize(SENTENCE, seed=5), muspeaker.Audio.join(chunks)
    np.testing.assert_array_equal(joined.samples, whole.samples)
    assert [span.text for span in joined.phones] == [span.text for span in whole.phones]
    for span, same in zip(joined.words + joined.phones, whole.words + whole.phones, strict=True):
        assert (span.text, span.mark, span.place) == (same.text, same.mark, same.place)
        assert (span.start, span.end) == pytest.approx((same.start, same.end), abs=1e-6)


def test_another_seed_is_another_melody_and_rhythm(tts: muspeaker.Synthesizer) -> None:
    own = tts.synthesize(SENTENCE, seed=0)
    assert np.array_equal(tts.synthesize(SENTENCE, seed=0, variation=2.0).samples, own.samples)
    deliveries = {
        tuple(phone.end - phone.start for phone in tts.synthesize(SENTENCE, seed=seed).phones)
        for seed in (0, 1, 2)
    }
    assert len(deliveries) == 3
    one, again = (tts.synthesize(SENTENCE, seed=1).samples for _ in range(2))
    assert np.array_equal(one, again)
    streamed = np.concatenate([chunk.samples for chunk in tts.stream(SENTENCE, seed=1)])
    assert np.array_equal(streamed, one)
    for audio in (own, tts.synthesize(SENTENCE, seed=1)):
        assert "".join(phone.text for phone in audio.phones) == "".join(
            phone.text for phone in own.phones
        )


def test_lively_speech_is_shorter_than_calm_speech(tts: muspeaker.Synthesizer) -> None:
    calm, plain, lively = (
        tts.synthesize(SENTENCE, style=style).duration for style in ("calm", None, "lively")
    )
    assert lively < plain < calm


def test_twice_as_fast_is_half_as_long(tts: muspeaker.Synthesizer) -> None:
    voice = muspeaker.Voice.builtin()
    text = SENTENCE[:-1]  # one sentence, no pause of ours after it
    slow, fast = (tts.synthesize(text, voice, speed=speed).duration for speed in (1.0, 2.0))
    assert fast == pytest.approx(slow / 2, rel=0.05)


def test_clones_any_recording(tts: muspeaker.Synthesizer, tmp_path: Path) -> None:
    spoken = tts.synthesize(SENTENCE, muspeaker.Voice.builtin())
    path = tmp_path / "prompt.flac"
    stereo = np.stack([spoken.samples, spoken.samples], axis=1)
    soundfile.write(path, stereo, spoken.sample_rate)
    clone = tts.clone(path)
    clone.save(tmp_path / "clone.voice")
    kept = muspeaker.Voice.load(tmp_path / "clone.voice")
    a, b = (tts.synthesize("Hello.", voice).samples for voice in (clone, kept))
    assert np.array_equal(a, b)


def test_command_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "hello.wav"
    monkeypatch.setattr("sys.argv", ["muspeaker", "say", "Hello there.", "-o", str(out)])
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code in {0, None}
    samples, rate_hz = soundfile.read(out)
    assert rate_hz == 24000
    assert len(samples) > 8000


def test_forks_share_the_model_and_outlive_it() -> None:
    first = muspeaker.load(num_threads=1)
    second = first.fork(2)
    assert second.fingerprint == first.fingerprint
    assert second._speech.config is first._speech.config  # a server makes a fork for each request
    second.config["name"] = "another"
    assert first.config["name"] != "another"
    expected = first.synthesize(SENTENCE, muspeaker.Voice.builtin()).samples
    del first
    assert np.array_equal(second.synthesize(SENTENCE, muspeaker.Voice.builtin()).samples, expected)
    with pytest.raises(ValueError, match="num_threads must be 1 to 256, got 0"):
        second.fork(0)


def test_a_batch_at_once_is_what_single_calls_give(tts: muspeaker.Synthesizer) -> None:
    voice = muspeaker.Voice.builtin()
    texts = [SENTENCE, "One. Two.", "Rice is often served in round bowls. [pause 0.2s] Yes."]
    batch = tts.synthesize_batch(texts, voice, num_workers=3, seed=2)
    for text, audio in zip(texts, batch, strict=True):
        alone = tts.synthesize(text, voice, seed=2)
        assert np.array_equal(audio.samples, alone.samples)
        assert audio.words == alone.words


def test_a_refined_clone_speaks_by_what_it_has_learnt(
    tts: muspeaker.Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "REFINING", REFINING._replace(steps=4))
    prompt = tts.synthesize(SENTENCE, "alec", seed=5)
    voice, plain = (tts.clone(prompt, refine=refine) for refine in (True, False))
    assert plain.changes is None
    assert voice.changes is not None
    np.testing.assert_array_equal(voice.style, plain.style)
    size = tts.config["phone_classifier.map_cepstra"] * 2  # the map is fitted to what is learnt
    assert np.abs(voice.vector - plain.vector)[-size:].max() > 1e-4
    voice.save(tmp_path / "a.voice")
    assert 2_200_000 < (tmp_path / "a.voice").stat().st_size < 2_500_000
    own = tts.synthesize(SENTENCE, voice, seed=5).samples
    for same in (muspeaker.Voice.load(tmp_path / "a.voice"), tmp_path / "a.voice"):
        np.testing.assert_array_equal(tts.synthesize(SENTENCE, same, seed=5).samples, own)
    np.testing.assert_array_equal(tts.fork().synthesize(SENTENCE, voice, seed=5).samples, own)
    assert not np.array_equal(tts.synthesize(SENTENCE, plain, seed=5).samples, own)


def test_refining_makes_the_decoder_fit_its_prompt(tts: muspeaker.Synthesizer) -> None:
    prompt = tts.synthesize(SENTENCE, "alec", seed=5).samples
    low = resample(prompt, tts.sample_rate, FBANK_RATE_HZ)
    inputs = tts._engine.refinement_inputs(prompt, low)
    decoder = refining.Decoder(tts._engine.decoder_weights())
    losses = [refining.learn(decoder, inputs, steps) for steps in (1, 5, 5)]
    assert losses[0] > 1.05 * losses[1] > 1.1 * losses[2] > 0
