"""The server as its users meet it: through the official OpenAI client, over a real socket."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import openai
import pytest
import soundfile

import muspeaker
from muspeaker.serve.openai.encoders import FORMATS
from muspeaker.serve.openai.settings import Settings
from muspeaker.tts import Synthesizer
from muspeaker.voice import DEFAULT_NAME, Voice
from tests.serving import CONSENT, add_voice, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    return muspeaker.load(num_threads=1)


@pytest.fixture(scope="module")
def client(model: Synthesizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """The shipped model, which speaks with the shipped voice."""
    with serving(model, Settings(data_folder=tmp_path_factory.mktemp("data"))) as client:
        yield client


@pytest.fixture(scope="module")
def spoken(model: Synthesizer) -> muspeaker.Audio:
    return model.synthesize(TEXT, muspeaker.Voice.builtin())


@pytest.fixture
def noisy(tts: Synthesizer, tmp_path: Path) -> Iterator[openai.OpenAI]:
    """The fake engine with one voice, Anna."""
    with serving(tts, Settings(data_folder=tmp_path / "data")) as client:
        add_voice(client)
        yield client


def decoded(data: bytes, response_format: str) -> tuple[np.ndarray, int]:
    """(samples,) float32 in full scale 1, and the rate."""
    if response_format == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768, 24000
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler("flt", "mono", container.streams.audio[0].rate)
        frames = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
        return np.concatenate(frames), container.streams.audio[0].rate


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("response_format", FORMATS)
def test_every_format_holds_the_whole_speech(
    client: openai.OpenAI, spoken: muspeaker.Audio, response_format: Any
) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=response_format
    ) as response:
        data = b"".join(response.iter_bytes())
    assert response.headers["content-type"] == TYPES[response_format]
    samples, rate_hz = decoded(data, response_format)
    assert len(samples) / rate_hz == pytest.approx(spoken.duration, abs=0.1)
    assert level(samples) == pytest.approx(level(spoken.samples), rel=0.1)


def test_wav_is_sample_for_sample_what_python_gives(
    client: openai.OpenAI, spoken: muspeaker.Audio
) -> None:
    answer = client.audio.speech.create(
        model="any", voice=DEFAULT_NAME, input=TEXT, response_format="wav"
    )
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert rate_hz == spoken.sample_rate
    assert np.array_equal(samples, np.rint(spoken.samples * 32767))


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
def test_speed_reaches_beyond_the_model(
    client: openai.OpenAI, model: Synthesizer, speed: float
) -> None:
    text = TEXT.split(".", maxsplit=1)[0]  # one sentence, no pause of ours after it
    plain = model.synthesize(text, muspeaker.Voice.builtin()).duration
    answer = client.audio.speech.create(
        model="any", voice=DEFAULT_NAME, input=text, response_format="pcm", speed=speed
    )
    seconds = len(answer.content) / 2 / 24000
    assert seconds == pytest.approx(plain / speed, rel=0.05)


def test_events_carry_the_same_bytes(client: openai.OpenAI, model: Synthesizer) -> None:
    arguments: Any = {
        "model": "any",
        "voice": DEFAULT_NAME,
        "input": TEXT,
        "response_format": "wav",
    }
    plain = client.audio.speech.create(**arguments).content
    with client.audio.speech.with_streaming_response.create(
        **arguments, stream_format="sse"
    ) as response:
        lines = [line for line in response.iter_lines() if line]
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == plain
    assert done["type"] == "speech.audio.done"
    frames = -(-(len(plain) - 44) // 2 // int(model.config["audio.hop_samples"]))
    assert done["usage"] == {
        "input_tokens": len(TEXT),
        "output_tokens": frames,
        "total_tokens": len(TEXT) + frames,
    }


def test_speech_comes_in_chunks(noisy: openai.OpenAI) -> None:
    with noisy.audio.speech.with_streaming_response.create(
        model="any", voice="anna", input="One. Two. Three. Four.", stream_format="sse"
    ) as response:
        lines = [line for line in response.iter_lines() if "delta" in line]
    assert len(lines) >= 4


def test_what_the_client_asks_for_reaches_the_engine(noisy: openai.OpenAI, engine: Any) -> None:
    other = add_voice(noisy, name="Other")
    noisy.audio.speech.create(
        model="any",
        voice="ANNA",
        input="Hi",
        speed=1.5,
        instructions="Speak like a pirate.",
        extra_body={
            "pitch": 2,
            "energy": 1.5,
            "temperature": 0.1,
            "seed": 7,
            "expression": 1.2,
            "variation": 0.5,
            "language": "en-us",
            "style": {"id": other.id},
            "unheard_of": 1,
        },
    )
    call = engine.calls[-1]
    assert (call["speed"], call["pitch"], call["energy"]) == (1.5, 2.0, 1.5)
    assert call["temperature"] == pytest.approx(0.1)
    assert (call["expression"], call["variation"]) == (1.2, 0.5)
    noisy.audio.speech.create(model="any", voice="anna", input="Hi", extra_body={"style": "calm"})
    assert engine.calls[-1]["expression"] < 1


def test_a_voice_by_name_by_identifier_and_by_object(noisy: openai.OpenAI) -> None:
    voice = noisy.get("/audio/voices", cast_to=object)["data"][-1]
    answers = {
        noisy.audio.speech.create(
            model="any", voice=reference, input="Hi", response_format="wav"
        ).content
        for reference in ("Anna", " aNNa ", voice["id"], {"id": voice["id"]})
    }
    assert len(answers) == 1


def test_voices_are_made_listed_and_deleted(noisy: openai.OpenAI) -> None:
    made = add_voice(noisy, name="Bjørk 2")
    assert (made.object, made.type, made.name) == ("audio.voice", "audio_sample", "Bjørk 2")
    listed = noisy.get("/audio/voices", cast_to=object)
    assert listed == noisy.get("/voices", cast_to=object)
    assert {"id": made.id, "name": "Bjørk 2"} in listed["voices"]
    assert "consent" not in json.dumps(listed)
    one = noisy.get(f"/audio/voices/{made.id}", cast_to=object)
    assert one["consent"] == CONSENT
    gone = noisy.audio.voices.delete(made.id)
    assert (gone.id, gone.deleted, gone.object) == (made.id, True, "audio.voice.deleted")
    with pytest.raises(openai.NotFoundError):
        noisy.audio.voices.delete(made.id)
    with pytest.raises(openai.NotFoundError, match="no voice"):
        noisy.audio.speech.create(model="any", voice="Bjørk 2", input="Hi")


def test_a_built_in_voice_stays(noisy: openai.OpenAI) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="built in"):
        noisy.audio.voices.delete(DEFAULT_NAME)
    with pytest.raises(openai.ConflictError, match="built-in"):
        add_voice(noisy, name=DEFAULT_NAME.capitalize())


def test_names_are_unique(noisy: openai.OpenAI) -> None:
    with pytest.raises(openai.ConflictError, match="exists already"):
        add_voice(noisy, name="ANNA")


def test_a_stored_voice_may_take_a_name_of_openai(noisy: openai.OpenAI, engine: Any) -> None:
    with pytest.raises(openai.ConflictError, match="was made by model"):  # the default voice
        noisy.audio.speech.create(model="any", voice="alloy", input="Hi")
    add_voice(noisy, name="alloy")
    noisy.audio.speech.create(model="any", voice="alloy", input="Hi")
    assert len(engine.calls) == 1


def test_another_default_voice(tts: Synthesizer, tmp_path: Path) -> None:
    with serving(tts, Settings(data_folder=tmp_path, default_voice="Anna")) as client:
        add_voice(client)
        assert client.audio.speech.create(model="any", voice="nova", input="Hi").content


def test_models(noisy: openai.OpenAI) -> None:
    (model,) = noisy.models.list().data
    assert model.id == "muspeaker-fake"
    assert noisy.models.retrieve(model.id).owned_by == "muspeaker"


def test_voices_outlive_the_server(tts: Synthesizer, tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path)
    with serving(tts, settings) as client:
        made = add_voice(client)
        arguments: Any = {"model": "any", "voice": made.id, "input": "Hi", "response_format": "wav"}
        before = client.audio.speech.create(**arguments).content
    with serving(tts, settings) as client:
        assert client.audio.speech.create(**arguments).content == before


def test_a_voice_of_another_model_is_listed_and_refused(
    tts: Synthesizer, engine: Any, tmp_path: Path
) -> None:
    settings = Settings(data_folder=tmp_path)
    with serving(tts, settings) as client:
        add_voice(client)
    engine.config["fingerprint"] = "fedcba9876543210"
    with serving(Synthesizer(engine), settings) as client:
        listed = client.get("/audio/voices", cast_to=object)
        assert [voice["usable"] for voice in listed["data"]] == [False] * (
            len(Voice.builtin_names()) + 1
        )
        assert "was made by model 0123456789abcdef" in listed["data"][-1]["reason"]
        assert listed["voices"] == []
        with pytest.raises(openai.ConflictError, match="clone it again"):
            client.audio.speech.create(model="any", voice="Anna", input="Hi")


def test_eight_clients_at_once_get_what_one_gets(client: openai.OpenAI) -> None:
    texts = ["Yes.", "Glue the sheet to the dark blue background."]

    def speak(index: int) -> bytes:
        return client.audio.speech.create(
            model="any", voice=DEFAULT_NAME, input=texts[index % 2], response_format="wav"
        ).content

    alone = [speak(0), speak(1)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(speak, range(16)))
    assert together == alone * 8


def test_health_and_metrics(noisy: openai.OpenAI) -> None:
    noisy.audio.speech.create(model="any", voice="anna", input="Hi", response_format="flac")
    with pytest.raises(openai.NotFoundError):
        noisy.audio.speech.create(model="any", voice="nobody", input="Hi")
    root = str(noisy.base_url).removesuffix("/v1/")
    health = noisy.get(f"{root}/health", cast_to=object)
    assert (health["status"], health["model"]) == ("ok", "muspeaker-fake")
    text = noisy.get(f"{root}/metrics", cast_to=str)
    endpoint = 'muspeaker_requests_total{endpoint="create_speech",method="POST",status='
    assert f'{endpoint}"200"}} 1.0' in text
    assert f'{endpoint}"404"}} 1.0' in text
    assert "muspeaker_real_time_factor_count 1.0" in text
    assert "muspeaker_queue_length 0.0" in text
    seconds = next(
        float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith('muspeaker_audio_seconds_total{format="flac"}')
    )
    assert seconds > 0


def test_the_asynchronous_client_too(noisy: openai.OpenAI) -> None:
    async def speak() -> bytes:
        async with openai.AsyncOpenAI(base_url=noisy.base_url, api_key="none") as client:
            answer = await client.audio.speech.create(model="any", voice="anna", input="Hi")
            return answer.content

    assert len(asyncio.run(speak())) > 100
