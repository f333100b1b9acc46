"""Streams of chunks: on a fake engine, and on the golden file through the real one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from muspeaker.bench import generated_prompt
from muspeaker.loading import load
from muspeaker.sound import loudness
from muspeaker.sound.audio import Audio
from muspeaker.threads import default_threads
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer

GOLDEN = Path(__file__).parent.parent / "golden"
TEXT = "Big cat, small dog. And a bird!"
HOP = 256


@pytest.fixture
def nothing_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages of less than 1.2 s would come as one chunk."""
    monkeypatch.setattr(loudness, "SHORT_SECONDS", 0.0)


@pytest.mark.usefixtures("nothing_is_short")
@pytest.mark.parametrize("chunk_frames", [1, 7, 1000])
def test_chunks_join_to_the_whole(
    tts: Synthesizer, engine: Any, voice: Voice, chunk_frames: int
) -> None:
    whole = tts.synthesize(TEXT, voice)
    engine.chunk_samples = chunk_frames * HOP
    chunks = list(tts.stream(TEXT, voice))
    joined = Audio.join(chunks)
    np.testing.assert_array_equal(joined.samples, whole.samples)
    assert (len(chunks) == 2) == (chunk_frames == 1000)
    for name in ("words", "phones"):
        spans, expected = getattr(joined, name), getattr(whole, name)
        assert [span.text for span in spans] == [span.text for span in expected]
        for times in ("start", "end"):
            ours, theirs = ([getattr(span, times) for span in s] for s in (spans, expected))
            np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.usefixtures("nothing_is_short")
def test_words_come_with_the_chunk_they_begin_in(
    tts: Synthesizer, engine: Any, voice: Voice
) -> None:
    engine.chunk_samples = HOP
    chunks = list(tts.stream(TEXT, voice))
    assert sum(len(chunk.words) for chunk in chunks) == 7
    for chunk in chunks:
        for span in chunk.words + chunk.phones:
            assert 0 <= span.start < chunk.duration


@pytest.mark.usefixtures("nothing_is_short")
def test_first_chunk_takes_one_pass_of_the_engine(
    tts: Synthesizer, engine: Any, voice: Voice
) -> None:
    engine.chunk_samples = 5 * HOP  # more than the silence before the first phone
    stream = tts.stream(TEXT, voice)
    assert not engine.calls
    assert 4 * HOP < len(next(stream).samples) <= 5 * HOP
    assert len(engine.calls) == 1
    stream.close()


@pytest.fixture(scope="module")
def golden() -> tuple[Synthesizer, Voice, Voice]:
    """A tiny model that needs no torch, and two voices that nobody has."""
    model = load(GOLDEN / "v1-q8.bin", num_threads=2)
    rng = np.random.default_rng(0)
    size = model.config["timbre_encoder.embedding"]
    width = model.config["style_encoder.hidden"]
    voices = [
        Voice(
            rng.normal(size=size).astype("f4"),
            rng.normal(size=(frames, width)).astype("f4"),
            name=f"voice {frames}",
            fingerprint=model.fingerprint,
        )
        for frames in (9, 30)
    ]
    return model, voices[0], voices[1]


def tokens(model: Synthesizer, count: int) -> np.ndarray:
    limits = (len(model.symbols), 3, 3)
    rng = np.random.default_rng(count)
    return np.stack([rng.integers(0, limit, count).astype(np.int32) for limit in limits])


OPTIONS = {"speed": 0.3, "pitch": 0.0, "energy": 1.0, "temperature": 0.667, "seed": 5}


def test_engine_streams_what_it_synthesizes(golden: tuple[Synthesizer, Voice, Voice]) -> None:
    model, voice, _ = golden
    arguments = (tokens(model, 40), voice.vector, voice.style)
    samples, durations = model._engine.synthesize(*arguments, **OPTIONS)
    utterance = model._engine.start(*arguments, **OPTIONS)
    np.testing.assert_array_equal(utterance.durations, durations)
    assert utterance.num_samples == len(samples)
    chunks = []
    while (chunk := utterance.next_chunk()) is not None:
        chunks.append(chunk)
    assert utterance.next_chunk() is None
    np.testing.assert_array_equal(np.concatenate(chunks), samples)
    sizes = [len(chunk) // HOP for chunk in chunks]
    assert len(sizes) > 3
    assert sizes[0] == 32
    assert set(sizes[1:-1]) == {64}


def test_streams_of_one_engine_may_be_interleaved(
    golden: tuple[Synthesizer, Voice, Voice],
) -> None:
    model, *voices = golden
    calls = [
        (tokens(model, count), voice.vector, voice.style)
        for count, voice in zip((40, 25), voices, strict=True)
    ]
    expected = [model._engine.synthesize(*call, **OPTIONS)[0] for call in calls]
    streams = [model._engine.start(*call, **OPTIONS) for call in calls]
    said: list[list[np.ndarray]] = [[], []]
    open_streams = {0, 1}
    while open_streams:
        for index in sorted(open_streams):
            chunk = streams[index].next_chunk()
            if chunk is None:
                open_streams.remove(index)
            else:
                said[index].append(chunk)
    for ours, theirs in zip(said, expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(ours), theirs)


def test_speech_outlives_the_name_of_its_engine() -> None:
    engine = load(GOLDEN / "v1-f16.bin")._engine
    rng = np.random.default_rng(0)
    timbre = rng.normal(size=engine.config["timbre_encoder.embedding"]).astype("f4")
    style = rng.normal(size=(5, engine.config["style_encoder.hidden"])).astype("f4")
    ids = np.zeros((3, 9), np.int32)
    utterance = engine.start(ids, timbre, style, **OPTIONS)
    del engine
    chunk = utterance.next_chunk()
    assert chunk is not None
    assert np.isfinite(chunk).all()


def test_clones_from_several_threads_take_turns(golden: tuple[Synthesizer, Voice, Voice]) -> None:
    model = golden[0]
    prompts = [(generated_prompt(1.0 + 0.1 * index, seed=index), 22050) for index in range(4)]
    expected = [model.clone(prompt) for prompt in prompts]
    with ThreadPoolExecutor(len(prompts)) as pool:
        for voice, alone in zip(pool.map(model.clone, prompts), expected, strict=True):
            np.testing.assert_array_equal(voice.vector, alone.vector)
            np.testing.assert_array_equal(voice.style, alone.style)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (64, 32)])
def test_default_threads_leave_the_machine_usable(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert default_threads() == threads


def test_parts_are_timed(golden: tuple[Synthesizer, Voice, Voice]) -> None:
    model, voice, _ = golden
    engine = model._engine.fork(1)
    assert engine.timings == {}
    utterance = engine.start(tokens(model, 20), voice.vector, voice.style, **OPTIONS)
    before = engine.timings
    assert set(before) == {"content", "melody", "mel_decoder"}
    while utterance.next_chunk() is not None:
        assert engine.timings["vocoder"] > before.get("vocoder", 0.0)
        before = engine.timings
    assert all(0 < seconds < 60 for seconds in engine.timings.values())
