"""Several texts in one call: batches, dialogues, and asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from muspeaker.sound.audio import Audio
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer

TEXTS = ["One. Two.", "Three, four?", "[pause 0.1s] Five!", "Six.\n\nSeven."]


@pytest.fixture
def ben(voice: Voice) -> Voice:
    return Voice(-voice.vector, voice.style[:20], name="ben", fingerprint=voice.fingerprint)


@pytest.mark.parametrize("num_workers", [None, 1, 2, 9])
def test_batch_is_what_single_calls_give(
    tts: Synthesizer, voice: Voice, num_workers: int | None
) -> None:
    batch = tts.synthesize_batch(TEXTS, voice, speed=1.5, seed=4, num_workers=num_workers)
    for text, audio in zip(TEXTS, batch, strict=True):
        alone = tts.synthesize(text, voice, speed=1.5, seed=4)
        np.testing.assert_array_equal(audio.samples, alone.samples)
        assert (audio.words, audio.phones) == (alone.words, alone.phones)


def test_batch_takes_a_voice_a_text(
    tts: Synthesizer, engine: Any, voice: Voice, ben: Voice
) -> None:
    tts.synthesize_batch(iter(["One.", "Two."]), [voice, ben])
    assert {call["vector"].tobytes() for call in engine.calls} == {
        voice.vector.tobytes(),
        ben.vector.tobytes(),
    }
    assert tts.synthesize_batch([], voice) == []


def test_batch_refuses_before_any_work(
    tts: Synthesizer, engine: Any, voice: Voice, ben: Voice
) -> None:
    with pytest.raises(ValueError, match="text 1: text is empty"):
        tts.synthesize_batch(["One.", ""], voice)
    with pytest.raises(ValueError, match="expected 2 voices, one for each text, got 1"):
        tts.synthesize_batch(["One.", "Two."], [ben])
    with pytest.raises(TypeError, match="texts must be a list, got str"):
        tts.synthesize_batch("One.", voice)
    with pytest.raises(TypeError, match=r"voice must be a Voice, a name, .*got int"):
        tts.synthesize_batch(["One."], 3)
    with pytest.raises(ValueError, match="num_workers must be 1 to 256, got 0"):
        tts.synthesize_batch(["One."], voice, num_workers=0)
    assert engine.calls == []


def test_a_batch_ends_when_one_fails(
    tts: Synthesizer, engine: Any, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        engine.calls.append("failed")
        time.sleep(0.02)  # else two idle cores go through them all before the first is heard of
        raise RuntimeError("out of memory")

    monkeypatch.setattr(type(engine), "start", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        tts.synthesize_batch(["One."] * 1000, voice, num_workers=2)
    assert len(engine.calls) < 1000


def test_dialogue_joins_turns_with_gaps(tts: Synthesizer, voice: Voice, ben: Voice) -> None:
    audio = tts.dialogue([(voice, "Hello, Ben."), (ben, "Hi! Bye.")], gap=0.5, seed=3)
    first = tts.synthesize("Hello, Ben.", voice, seed=3).samples
    second = tts.synthesize("Hi! Bye.", ben, seed=3).samples
    silence = np.zeros(round(0.5 * tts.sample_rate), np.float32)
    np.testing.assert_array_equal(audio.samples, np.concatenate([first, silence, second]))
    assert [(word.text, word.speaker) for word in audio.words] == [
        ("Hello", "anna"), ("Ben", "anna"), ("Hi", "ben"), ("Bye", "ben")
    ]  # fmt: skip
    assert "anna: Hello, Ben." in audio.to_srt()


def test_stereo_places_speakers(tts: Synthesizer, voice: Voice, ben: Voice, tmp_path: Path) -> None:
    turns = [(voice, "One."), (ben, "Two."), (voice, "Three.")]
    mono, stereo = (tts.dialogue(turns, stereo=kind) for kind in (False, True))
    assert (mono.channels, stereo.channels) == (1, 2)
    assert stereo.samples.shape == (len(mono.samples), 2)
    power = np.square(stereo.samples).sum(axis=1)
    np.testing.assert_allclose(power, np.square(mono.samples), atol=1e-6)  # as loud from any place
    third = len(tts.synthesize("Three.", voice).samples)
    left, right = np.square(stereo.samples[-third:]).sum(axis=0)
    assert left > 5 * right  # anna spoke first
    stereo.save(tmp_path / "a.wav")
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == stereo.sample_rate
    np.testing.assert_allclose(samples, stereo.samples, atol=1e-4)
    for suffix in (".flac", ".ogg", ".opus", ".mp3"):
        stereo.save(tmp_path / f"a{suffix}")
        assert soundfile.info(tmp_path / f"a{suffix}").channels == 2


def test_one_speaker_is_in_the_middle(tts: Synthesizer, voice: Voice) -> None:
    stereo = tts.dialogue([(voice, "One."), (voice, "Two.")], stereo=True)
    np.testing.assert_allclose(stereo.samples[:, 0], stereo.samples[:, 1], atol=1e-7)


def test_dialogue_refuses_before_any_work(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    with pytest.raises(ValueError, match="expected at least one turn, got none"):
        tts.dialogue([])
    with pytest.raises(TypeError, match="turn 1 must be a pair of Voice and text, got 'Hi'"):
        tts.dialogue([(voice, "Hi"), "Hi"])
    with pytest.raises(TypeError, match=r"turn 1: voice must be a Voice, .*got int"):
        tts.dialogue([(voice, "Hi"), (3, "Hi")])
    with pytest.raises(ValueError, match="text 0: nothing to speak"):
        tts.dialogue([(voice, "...")])
    with pytest.raises(ValueError, match="gap must be 0 to 10, got -1"):
        tts.dialogue([(voice, "Hi")], gap=-1)
    with pytest.raises(TypeError, match="unknown option 'stero'"):
        tts.dialogue([(voice, "Hi")], stero=True)
    assert engine.calls == []


def test_panning_and_joining_refuse() -> None:
    mono = Audio(np.zeros(4, np.float32), 8000)
    stereo = mono.panned(0.5)
    with pytest.raises(ValueError, match="expected one channel to place, got 2"):
        stereo.panned(0.0)
    with pytest.raises(ValueError, match=r"position must be -1 to 1, got 1\.5"):
        mono.panned(1.5)
    with pytest.raises(ValueError, match=r"expected chunks of as many channels, got \[1, 2\]"):
        Audio.join([mono, stereo])


def test_astream_gives_the_same_chunks(tts: Synthesizer, voice: Voice) -> None:
    async def collect() -> list[Audio]:
        return [chunk async for chunk in tts.astream("One. Two. Three.", voice, seed=2)]

    chunks = asyncio.run(collect())
    whole = tts.synthesize("One. Two. Three.", voice, seed=2)
    np.testing.assert_array_equal(Audio.join(chunks).samples, whole.samples)
    assert Audio.join(chunks).words == whole.words


def test_astream_passes_errors_on(tts: Synthesizer, voice: Voice) -> None:
    async def first() -> Audio:
        return await anext(tts.astream("", voice))

    with pytest.raises(ValueError, match="text is empty"):
        asyncio.run(first())


class Gate:
    """Holds every utterance of an engine until it is opened."""

    def __init__(self, engine: Any) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.synthesize = engine.synthesize

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        self.entered.set()
        assert self.opened.wait(30)
        return self.synthesize(*arrays, **options)


def test_astream_leaves_the_loop_free_and_stops_when_cancelled(
    tts: Synthesizer, engine: Any, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(engine)
    monkeypatch.setattr(engine, "synthesize", gate)

    async def consume() -> None:
        async for _ in tts.astream("One. Two. Three.", voice):
            pass

    async def cancel_in_the_first_chunk() -> None:
        task = asyncio.create_task(consume())
        while not gate.entered.is_set():
            await asyncio.sleep(0.001)  # runs although the engine is at work
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.opened.set()

    asyncio.run(cancel_in_the_first_chunk())
    assert len(engine.calls) <= 1


def test_a_closed_stream_speaks_no_more(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    stream = tts.stream("One. Two. Three.", voice)
    assert stream.num_words == 3
    next(stream)
    stream.close()
    assert list(stream) == []
    assert len(engine.calls) == 1
