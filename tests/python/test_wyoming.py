"""The Wyoming server, asked by wyoming's own client."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from wyoming.audio import AudioStart, AudioStop
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

import muspeaker
from muspeaker.options import STYLES
from muspeaker.serve.replies import stream_reply
from muspeaker.stream import SILENCE_BEFORE_FRAMES
from muspeaker.voice import DEFAULT_NAME, Voice
from tests.wyoming_client import (
    SPEED,
    TIMEOUT_SECONDS,
    ask,
    client_of,
    free_port,
    kinds,
    pcm,
    samples_of,
    serving,
    until,
)

if TYPE_CHECKING:
    from wyoming.client import AsyncTcpClient
    from wyoming.event import Event

    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer


def test_describe_lists_voices_and_languages(tts: Synthesizer, voice_folder: Path) -> None:
    async def conversation(client: AsyncTcpClient) -> Info:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event)

    (program,) = ask(tts, voice_folder, conversation).tts
    assert program.installed
    assert program.supports_synthesize_streaming
    listed = {voice.name: voice for voice in program.voices}
    assert next(iter(listed)) == "anna"
    assert set(listed) == {"anna", "bert"}
    assert listed["bert"].description == "Bert B."
    assert listed["anna"].languages == ["en-US"]
    assert listed["bert"].languages == ["en-GB", "en-US"]
    assert [speaker.name for speaker in listed["anna"].speakers or []] == ["calm", "lively"]


def test_synthesize_gives_the_samples_of_the_library(
    tts: Synthesizer, voice: Voice, voice_folder: Path
) -> None:
    text = "Hello there. This is a second sentence."

    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Synthesize(text=text, voice=SynthesizeVoice(name="anna")).event())
        return await until(client, AudioStop)

    events = ask(tts, voice_folder, conversation)
    assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop"]
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels) == (22050, 2, 1)
    expected = tts.synthesize(text, voice, speed=SPEED)
    assert np.array_equal(samples_of(events), pcm(expected.samples))
    assert AudioStop.from_event(events[-1]).timestamp == round(1000 * expected.duration)


def pause_after(tts: Synthesizer, audio: Audio, seconds: float) -> np.ndarray:
    """The silence after a sentence, less what its end and the next sentence's begin have of it."""
    ends = audio.duration - audio.words[-1].end
    begins = SILENCE_BEFORE_FRAMES * tts.config["audio.hop_samples"] / tts.sample_rate
    return np.zeros(round((seconds - ends - begins) * tts.sample_rate), np.float32)


def test_streamed_text_is_spoken_as_it_comes(
    tts: Synthesizer, voice: Voice, voice_folder: Path
) -> None:
    """Speech of the first sentence arrives before the second is sent; one recording comes of all."""

    async def conversation(client: AsyncTcpClient) -> tuple[list[Event], list[Event]]:
        await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name="anna")).event())
        for piece in ("Hello D", "r. ", "Smith.", " How"):
            await client.write_event(SynthesizeChunk(text=piece).event())
        early: list[Event] = []
        expected = len(tts.synthesize("Hello Dr. Smith.", voice, speed=SPEED).samples)
        while len(samples_of(early)) < expected:
            event = await client.read_event()
            assert event is not None
            early.append(event)
        await client.write_event(SynthesizeChunk(text=" are you").event())
        # Home Assistant repeats the text whole, for servers that know no streams
        await client.write_event(Synthesize(text="Hello Dr. Smith. How are you").event())
        await client.write_event(SynthesizeStop().event())
        return early, await until(client, SynthesizeStopped)

    early, late = ask(tts, voice_folder, conversation)
    assert kinds(early) == ["audio-start", "audio-chunk"]
    assert kinds(late) == ["audio-chunk", "audio-stop", "synthesize-stopped"]
    first, second = (
        tts.synthesize(text, voice, speed=SPEED) for text in ("Hello Dr. Smith.", "How are you")
    )
    parts = [first.samples, pause_after(tts, first, 0.2 / SPEED), second.samples]
    assert np.array_equal(samples_of(early + late), pcm(np.concatenate(parts)))


def test_the_servers_options_are_those_of_every_request(
    tts: Synthesizer, voice: Voice, voice_folder: Path
) -> None:
    options = {"speed": 0.8, "pitch": 2.0, "pause": 1.0, "volume": 0.5}

    async def conversation(client: AsyncTcpClient) -> tuple[list[Event], list[Event]]:
        text = "Hello there. How are you?"
        await client.write_event(Synthesize(text=text).event())
        whole = await until(client, AudioStop)
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk(text=text).event())
        await client.write_event(SynthesizeStop().event())
        return whole, await until(client, SynthesizeStopped)

    whole, streamed = ask(tts, voice_folder, conversation, **options)
    expected = tts.synthesize("Hello there. How are you?", voice, **options).samples
    assert np.array_equal(samples_of(whole), pcm(expected))
    first, second = (
        tts.synthesize(text, voice, **options) for text in ("Hello there.", "How are you?")
    )
    parts = [first.samples, pause_after(tts, first, 1.0), second.samples]
    assert np.array_equal(samples_of(streamed), pcm(np.concatenate(parts)))
    plain = tts.synthesize("Hello there.", voice, speed=0.8).samples
    assert not np.array_equal(pcm(first.samples), pcm(plain))


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_speaker_of_a_request_is_its_style(
    tts: Synthesizer, voice: Voice, voice_folder: Path, engine: Any, is_stream: bool
) -> None:
    """It goes before the style of the server, and the other options of the server stay."""
    text = "Hello there. How are you?"

    async def conversation(client: AsyncTcpClient) -> list[Event]:
        events: list[Event] = []
        for speaker in (None, "lively"):
            asked = SynthesizeVoice(name="anna", speaker=speaker)
            if is_stream:
                await client.write_event(SynthesizeStart(voice=asked).event())
                await client.write_event(SynthesizeChunk(text=text).event())
                await client.write_event(SynthesizeStop().event())
                events = await until(client, SynthesizeStopped)
            else:
                await client.write_event(Synthesize(text=text, voice=asked).event())
                events = await until(client, AudioStop)
        return events

    options: Any = {"style": "calm", "expression": 0.5, "seed": 7, "variation": 0.8}
    events = ask(tts, voice_folder, conversation, **options)
    own, asked = engine.calls[0], engine.calls[-1]
    for call, style in ((own, STYLES["calm"]), (asked, STYLES["lively"])):
        assert call["speed"] == pytest.approx(SPEED * style.speed)
        assert call["energy"] == pytest.approx(style.energy)
        assert call["expression"] == pytest.approx(0.5 * style.expression)
        assert call["variation"] == 0.8
    options = {**options, "style": "lively", "speed": SPEED}
    if is_stream:
        first, second = (
            tts.synthesize(part, voice, **options) for part in ("Hello there.", "How are you?")
        )
        silence = pause_after(tts, first, 0.2 / SPEED / STYLES["lively"].speed)
        expected = np.concatenate([first.samples, silence, second.samples])
    else:
        expected = tts.synthesize(text, voice, **options).samples
    assert np.array_equal(samples_of(events), pcm(expected))


def test_another_voices_manner_is_the_style_of_a_server(
    tts: Synthesizer, voice: Voice, voice_folder: Path, engine: Any
) -> None:
    manner = Voice(voice.vector, 2 * voice.style, name="carla", fingerprint=voice.fingerprint)
    manner.save(voice_folder / "carla.voice")

    async def conversation(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Synthesize(text="Hi.").event())
        return await until(client, AudioStop)

    ask(tts, voice_folder, conversation, style="carla")
    assert np.array_equal(engine.calls[-1]["style"], manner.style)
    with pytest.raises(ValueError, match="unknown voice 'zoe'"):
        ask(tts, voice_folder, conversation, style="zoe")


def test_a_connection_can_stream_twice(tts: Synthesizer, voice_folder: Path) -> None:
    async def conversation(client: AsyncTcpClient) -> list[int]:
        lengths = []
        for _ in range(2):
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(text="One. Two.").event())
            await client.write_event(SynthesizeStop().event())
            lengths.append(len(samples_of(await until(client, SynthesizeStopped))))
        return lengths

    first, second = ask(tts, voice_folder, conversation)
    assert first == second > 0


def test_clients_at_once_get_their_own_speech(
    tts: Synthesizer, voice: Voice, voice_folder: Path
) -> None:
    """Eight clients, half of them streaming, one that leaves in the middle."""
    texts = [f"Sentence number {n}. And a second one, {n}. And a third." for n in range(8)]

    async def one(port: int, index: int) -> np.ndarray:
        text = texts[index]
        async with client_of(port) as client:
            if index % 2:
                await client.write_event(Synthesize(text=text).event())
                return samples_of(await until(client, AudioStop))
            await client.write_event(SynthesizeStart().event())
            for at in range(0, len(text), 7):
                await client.write_event(SynthesizeChunk(text=text[at : at + 7]).event())
            await client.write_event(SynthesizeStop().event())
            return samples_of(await until(client, SynthesizeStopped))

    async def leaver(port: int) -> None:
        async with client_of(port) as client:
            await client.write_event(Synthesize(text=texts[0] * 20).event())
            await client.read_event()

    async def run() -> list[np.ndarray]:
        async with serving(tts, voice_folder) as port:
            *spoken, _ = await asyncio.gather(*(one(port, n) for n in range(8)), leaver(port))
            return spoken

    for index, samples in enumerate(asyncio.run(run())):
        whole = tts.synthesize(texts[index], voice, speed=SPEED).samples
        assert len(samples) == len(whole)
        if index % 2:
            assert np.array_equal(samples, pcm(whole))


def test_the_command_with_the_shipped_model(tmp_path: Path, shipped: Synthesizer) -> None:
    """`muspeaker wyoming` in a process of its own speaks as asked, and SIGTERM ends it with 0."""
    text, manner = "The birch canoe slid.", {"seed": 3, "variation": 0.8}
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "muspeaker", "wyoming", "--uri", f"tcp://127.0.0.1:{port}", "--threads", "1",
         *(word for name, value in manner.items() for word in (f"--{name}", str(value)))],
        env=os.environ | {"PYTHONPATH": str(Path(muspeaker.__file__).parents[1])},
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )  # fmt: skip

    async def connected() -> AsyncTcpClient:
        for _ in range(600):
            client = client_of(port)
            try:
                await client.connect()
            except OSError:
                assert process.poll() is None, process.stderr.read()
                await asyncio.sleep(0.1)
            else:
                return client
        raise TimeoutError

    async def run() -> list[np.ndarray]:
        client = await connected()
        spoken = []
        for asked in (None, SynthesizeVoice(name=DEFAULT_NAME, speaker="lively")):
            await client.write_event(Synthesize(text=text, voice=asked).event())
            spoken.append(samples_of(await until(client, AudioStop), 24000))
        await client.disconnect()
        return spoken

    try:
        plain, lively = asyncio.run(run())
        assert 0.5 < len(plain) / 24000 < 6
        assert np.abs(plain).max() > 300
        assert np.array_equal(plain, pcm(shipped.synthesize(text, **manner).samples))
        expected = shipped.synthesize(text, style="lively", **manner).samples
        assert np.array_equal(lively, pcm(expected))
        assert len(lively) < len(plain)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, log
    assert f"tcp://127.0.0.1:{port}" in log.decode()


def test_a_short_text_overtakes_a_long_one(
    tts: Synthesizer, voice_folder: Path, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, planned = engine.start, threading.Event()

    def held(
        *args: Any, **options: Any
    ) -> Any:  # else the long one may end before the other begins
        if len(engine.calls) == 3:
            assert planned.wait(TIMEOUT_SECONDS)
        return start(*args, **options)

    def noted(tts: Synthesizer, text: str, *args: Any, **options: Any) -> Any:
        reply = stream_reply(tts, text, *args, **options)
        if text == "Two.":
            planned.set()
        return reply

    monkeypatch.setattr(engine, "start", held)
    monkeypatch.setattr("muspeaker.serve.wyoming.service.stream_reply", noted)
    ended: list[str] = []

    async def one(port: int, text: str, begun: asyncio.Event) -> None:
        async with client_of(port) as client:
            await client.write_event(Synthesize(text=text).event())
            await client.read_event()
            begun.set()
            await until(client, AudioStop)
        ended.append(text)

    async def run() -> None:
        async with serving(tts, voice_folder) as port:
            begun = asyncio.Event()
            long = asyncio.create_task(one(port, "One. " * 100, begun))
            await begun.wait()
            await one(port, "Two.", asyncio.Event())
            await long

    asyncio.run(run())
    assert ended == ["Two.", "One. " * 100]


def test_event_bytes_are_json_lines(tts: Synthesizer, voice_folder: Path) -> None:
    """A client without the package, as on a microcontroller: one JSON line in, JSON lines out."""

    async def run() -> dict[str, Any]:
        async with serving(tts, voice_folder) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b'{"type": "describe"}\n')
            header = json.loads(await reader.readline())
            data = json.loads(await reader.readexactly(header["data_length"]))
            writer.close()
            return header | {"data": data}

    info = asyncio.run(run())
    assert info["type"] == "info"
    assert info["data"]["tts"][0]["supports_synthesize_streaming"] is True
