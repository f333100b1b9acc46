"""Requests as clients send them: Open WebUI, SillyTavern, Home Assistant's openai_tts, and those of Kokoro-FastAPI."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import soundfile

from muspeaker.serve.openai.settings import Settings
from muspeaker.voice import Voice
from tests.serving import add_voice, noise, serving, wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import openai

    from muspeaker.tts import Synthesizer

TEXT = "Hello there. One, two!"
WORDS = ["Hello", "there", "One", "two"]


@pytest.fixture
def client(tts: Synthesizer, tmp_path: Path) -> Iterator[httpx.Client]:
    """The fake engine with the voices anna and ben, without any client's package."""
    with serving(tts, Settings(data_folder=tmp_path / "data")) as official:
        add_voice(official)
        add_voice(official, name="ben", audio_sample=wav(noise(2.5, seed=1)))
        with httpx.Client(base_url=str(official.base_url).removesuffix("/v1/")) as plain:
            plain.official = official
            yield plain


def post(
    client: httpx.Client, body: dict[str, Any], path: str = "/v1/audio/speech"
) -> httpx.Response:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer


def samples_of(data: bytes) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 22050
    return samples


def test_open_webui(client: httpx.Client) -> None:
    """Settings, Audio: engine OpenAI; it lists models and voices, then sends what a chat says."""
    models = client.get("/v1/audio/models").json()["models"]
    assert [sorted(model) for model in models] == [["id", "name"]]
    voices = client.get("/v1/audio/voices").json()["voices"]
    assert {voice["name"] for voice in voices} >= {"Anna", "ben"}
    body = {"input": TEXT, "voice": voices[-1]["id"], "model": models[0]["id"]}
    answer = post(client, body)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert client.get(f"/v1/models/{models[0]['id']}").json()["object"] == "model"


def test_sillytavern(client: httpx.Client) -> None:
    """Provider OpenAI Compatible: endpoint, model and voices are typed into its form."""
    body = {"input": TEXT, "response_format": "mp3", "voice": "Anna", "speed": 1, "model": "tts-1"}
    assert len(post(client, body).content) > 1000


@pytest.mark.parametrize(
    ("changed", "head"),
    [
        ({"response_format": "wav"}, b"RIFF"),  # its first versions
        ({"response_format": "mp3", "instructions": "Speak kindly.", "style": "calm"}, b""),
        ({"response_format": "opus", "instructions": "Speak kindly."}, b"OggS"),  # as it streams
    ],
)
def test_home_assistants_openai_tts(
    client: httpx.Client, changed: dict[str, Any], head: bytes
) -> None:
    """Its engine posts to the whole URL; it merges what the user adds, such as a style, into the request."""
    body = {"model": "tts-1", "input": TEXT, "voice": "ben", "speed": 1.0}
    agent = {"User-Agent": "HomeAssistant-OpenAI-TTS", "Authorization": "Bearer none"}
    answer = client.post("/v1/audio/speech", json=body | changed, headers=agent)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(head)
    assert soundfile.info(io.BytesIO(answer.content)).duration > 0.5


KOKORO = {
    "model": "kokoro",
    "input": TEXT,
    "voice": "anna(2)+ben(1)",
    "response_format": "wav",
    "lang_code": "a",
    "volume_multiplier": 0.5,
    "normalization_options": {"normalize": True, "unit_normalization": False},
    "download_format": None,
    "return_download_link": False,
}


def test_kokoro_fields(client: httpx.Client, tts: Synthesizer, engine: Any) -> None:
    quiet = samples_of(post(client, KOKORO | {"stream": False}).content)
    plain = samples_of(post(client, KOKORO | {"stream": False, "volume_multiplier": None}).content)
    np.testing.assert_allclose(quiet, plain / 2, atol=1e-4)
    store = client.official.app.state.service.store
    anna, ben = (store.load(store.find(name)) for name in ("anna", "ben"))
    expected = Voice.mix({anna: 2, ben: 1})
    np.testing.assert_allclose(engine.calls[-1]["vector"], expected.vector, atol=1e-6)
    assert tts.fingerprint == expected.fingerprint


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        ({"voice": "anna(0)+ben(1)"}, 422, "weight of 'anna' must be positive"),
        ({"voice": "anna+eve"}, 404, "no voice 'eve'"),
        ({"lang_code": "j"}, 422, "language 'ja' is not one of this model's"),
        ({"volume_multiplier": 5}, 422, "volume_multiplier: "),
    ],
)
def test_kokoro_fields_that_cannot_be(
    client: httpx.Client, changed: dict[str, Any], status: int, message: str
) -> None:
    answer = client.post("/v1/audio/speech", json=KOKORO | changed)
    assert (answer.status_code, message in answer.json()["error"]["message"]) == (status, True)


@pytest.mark.parametrize("response_format", ["wav", "flac"])
def test_a_whole_answer_states_its_length(client: httpx.Client, response_format: str) -> None:
    body = {"input": TEXT, "voice": "anna", "response_format": response_format}
    streamed = post(client, body).content
    whole = post(client, body | {"stream": False}).content
    assert len(whole) == len(streamed)
    assert whole != streamed
    info = soundfile.info(io.BytesIO(whole))
    samples = samples_of(whole)
    assert info.frames == len(samples) > 10000
    if response_format == "wav":
        assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
        assert int.from_bytes(whole[40:44], "little") == len(whole) - 44
        np.testing.assert_array_equal(samples, samples_of(streamed))


def expected_words(
    tts: Synthesizer, client: httpx.Client, speed: float = 1.0
) -> list[dict[str, Any]]:
    store = client.official.app.state.service.store
    voice = store.load(store.find("anna"))
    spoken = tts.synthesize(TEXT, voice, speed=min(speed, 2.0))
    tempo = max(speed / 2, 1.0)
    return [
        {"word": w.text, "start_time": pytest.approx(w.start / tempo, abs=2e-4),
         "end_time": pytest.approx(w.end / tempo, abs=2e-4)}
        for w in spoken.words
    ]  # fmt: skip


@pytest.mark.parametrize("speed", [1.0, 4.0])
@pytest.mark.parametrize("response_format", ["pcm", "mp3", "opus"])
def test_events_carry_word_times(
    client: httpx.Client, tts: Synthesizer, response_format: str, speed: float
) -> None:
    body = {"input": TEXT, "voice": "anna", "response_format": response_format}
    answer = post(client, body | {"stream_format": "sse", "speed": speed})
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    words = [word for event in events for word in event.get("timestamps", [])]
    assert words == expected_words(tts, client, speed)
    assert [word["word"] for word in words] == WORDS
    assert all("timestamps" in e for e in events if e["type"] == "speech.audio.delta")


def test_the_official_client_still_reads_the_events(client: httpx.Client) -> None:
    official: openai.OpenAI = client.official
    with official.audio.speech.with_streaming_response.create(
        model="m", voice="anna", input=TEXT, response_format="pcm", stream_format="sse"
    ) as response:
        text = b"".join(response.iter_bytes()).decode()
    assert text.count("speech.audio.done") == 1


def test_captioned_speech_in_lines(client: httpx.Client, tts: Synthesizer) -> None:
    body = {
        "model": "kokoro",
        "input": TEXT,
        "voice": "anna",
        "speed": 1.0,
        "response_format": "wav",
    }
    answer = post(client, body, "/dev/captioned_speech")
    assert answer.headers["content-type"] == "application/json"
    lines = [json.loads(line) for line in answer.iter_lines() if line]
    assert len(lines) >= 2  # while it is spoken
    assert {line["audio_format"] for line in lines} == {"audio/wav"}
    words = [word for line in lines for word in line["timestamps"]]
    assert words == expected_words(tts, client)
    sound = b"".join(base64.b64decode(line["audio"]) for line in lines)
    assert sound == post(client, {"input": TEXT, "voice": "anna", "response_format": "wav"}).content


def test_captioned_speech_in_one_piece(client: httpx.Client, tts: Synthesizer) -> None:
    """The request of Kokoro-FastAPI's own example."""
    body = {"model": "kokoro", "input": TEXT, "voice": "anna", "speed": 1.0, "response_format": "wav",
            "stream": False}  # fmt: skip
    answer = post(client, body, "/dev/captioned_speech").json()
    assert answer["timestamps"] == expected_words(tts, client)
    assert len(samples_of(base64.b64decode(answer["audio"]))) > 10000
    bare = post(client, body | {"return_timestamps": False}, "/dev/captioned_speech").json()
    assert bare["timestamps"] is None
    refused = client.post("/dev/captioned_speech", json=body | {"voice": "eve"})
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        # `curl -d` without a header, an address without /v1 and one with two, a browser at the front door
        ({"content": json.dumps({"input": "Hi.", "voice": "anna"}),
          "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 422,
         "expected a JSON object as the body, with Content-Type: application/json, got application/x"),
        ({"json": ["Hi."]}, 422, "expected a JSON object as the body"),
        ({"url": "/audio/speech"}, 404, "no '/audio/speech': the API is below /v1"),
        ({"url": "/v1/v1/audio/speech"}, 404, "as in POST /v1/audio/speech"),
        ({"method": "GET", "url": "/"}, 404, "there is no '/'"),
        ({"method": "GET"}, 405, "'/v1/audio/speech' takes POST, got GET"),
        ({"method": "PUT", "url": "/v1/audio/voices"}, 405, "'/v1/audio/voices' takes GET, POST, got PUT"),
        ({"url": "/v1/audio/voices/anna"}, 405, "takes GET, DELETE, got POST"),
    ],
)  # fmt: skip
def test_first_steps_that_miss(
    client: httpx.Client, request_: dict[str, Any], status: int, message: str
) -> None:
    answer = client.request(**{"method": "POST", "url": "/v1/audio/speech"} | request_)
    assert answer.status_code == status
    told = answer.json()["error"]["message"]
    assert message in told
    if status == 405:
        assert f"takes {answer.headers['Allow']}, got" in told
