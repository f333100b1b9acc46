"""Clients of the server that leave, or read nothing: the work ends, and their place is free."""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from muspeaker.serve.openai.settings import Settings
from muspeaker.voice import Voice
from tests.held_speech import Held, gate, metric, opened
from tests.serving import (
    CONSENT,
    PATIENCE_SECONDS,
    VOICES,
    add_voice,
    ask,
    noise,
    serving,
    speak,
    wait_until,
    wav,
)

if TYPE_CHECKING:
    from pathlib import Path

    import openai

    from muspeaker.tts import Synthesizer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data", max_upload_bytes=1_000_000)


def listed(client: openai.OpenAI) -> list[dict[str, Any]]:
    return ask(client, "GET", VOICES)[1]["data"]


def test_a_client_that_leaves_ends_the_synthesis(tts: Synthesizer, settings: Settings) -> None:
    with serving(tts, settings) as client:
        add_voice(client)
        held = Held(tts)
        with opened(client) as connection:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            wait_until(lambda: held.begun == 2)
        held.release.set()  # it would speak for ever
        wait_until(lambda: held.ended)
        assert gate(client).running == 0
        wait_until(lambda: metric(client, "muspeaker_disconnects_total") == 1)
        assert held.begun < 100


@pytest.mark.parametrize("begun", [1, 2])
def test_a_client_that_leaves_frees_its_place_before_the_work_ends(
    tts: Synthesizer, settings: Settings, begun: int
) -> None:
    """Whether the thread plans or speaks: it cannot be stopped, but nobody waits for it."""
    with serving(tts, settings) as client:
        add_voice(client)
        held = Held(tts, held_from=begun - 1)
        with opened(client):
            wait_until(lambda: held.begun == begun)
        wait_until(lambda: gate(client).running == 0)
        assert not held.ended
        held.release.set()
        wait_until(lambda: held.ended)
        assert held.begun == begun
        wait_until(lambda: metric(client, "muspeaker_disconnects_total") == 1)
        if begun == 2:  # the second chunk was spoken, but there was nobody to send it to
            sent = metric(client, 'muspeaker_audio_seconds_total{format="wav"}')
            assert sent == pytest.approx(len(noise(1.0)) / 22050)


def test_a_client_that_leaves_gets_no_voice(
    tts: Synthesizer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()
    clone = tts.clone

    def held_clone(*args: Any, **keywords: Any) -> Any:
        begun.set()
        release.wait(3 * PATIENCE_SECONDS)
        try:
            return clone(*args, **keywords)
        finally:
            ended.set()

    monkeypatch.setattr(tts, "clone", held_clone)
    with serving(tts, settings) as client:
        sample = {"audio_sample": ("a.wav", wav(noise(2.0)))}
        given = httpx.Request(
            "POST",
            f"{client.base_url}audio/voices",
            data={"name": "Anna", "consent": CONSENT},
            files=sample,
        )
        leaver = http.client.HTTPConnection(given.url.netloc.decode())
        leaver.request("POST", given.url.path, given.read(), dict(given.headers))
        assert begun.wait(PATIENCE_SECONDS)
        leaver.close()
        wait_until(lambda: gate(client).running == 0)
        assert not ended.is_set()
        release.set()
        assert ended.wait(PATIENCE_SECONDS)
        assert [voice["name"] for voice in listed(client)] == Voice.builtin_names()
        assert metric(client, "muspeaker_disconnects_total") == 1


def test_a_client_that_leaves_the_queue_is_not_spoken_to(tts: Synthesizer, tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path, max_running=1)
    with serving(tts, settings) as client, ThreadPoolExecutor(1) as pool:
        add_voice(client)
        held = Held(tts, num_chunks=2)
        first = pool.submit(speak, client)
        wait_until(lambda: held.begun == 2)
        with opened(client):
            wait_until(lambda: gate(client).waiting == 1)
        wait_until(lambda: gate(client).waiting == 0)
        held.release.set()
        assert first.result(60)
        assert held.begun == 2


def test_a_client_that_reads_nothing_is_let_go(tts: Synthesizer, tmp_path: Path) -> None:
    with serving(tts, Settings(data_folder=tmp_path, stall_seconds=0.5)) as client:
        add_voice(client)
        held = Held(tts)
        held.release.set()
        with opened(client, receive_bytes=4096):
            wait_until(lambda: held.ended)
            wait_until(lambda: gate(client).running == 0)
            wait_until(lambda: metric(client, "muspeaker_disconnects_total") == 1)
