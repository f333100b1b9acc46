"""Uploads that are too short, too odd, or not what they say."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import openai
import pytest

import muspeaker
from muspeaker.serve.openai.settings import Settings
from muspeaker.serve.openai.uploads import read_recording
from muspeaker.voice import Voice
from tests.serving import CONSENT, VOICES, add_voice, ask, noise, serving, speak, wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.tts import Synthesizer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data", max_upload_bytes=1_000_000)


@pytest.fixture
def client(tts: Synthesizer, settings: Settings) -> Iterator[openai.OpenAI]:
    """The fake engine with one voice, Anna."""
    with serving(tts, settings) as client:
        add_voice(client)
        yield client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """One server for the uploads that are refused; with the voice that ships alone."""
    settings = Settings(data_folder=tmp_path_factory.mktemp("data"), max_upload_bytes=1_000_000)
    with serving(muspeaker.load(num_threads=1), settings) as client:
        yield client


def form(**changed: Any) -> dict[str, Any]:
    return {"name": "New"} | changed


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        (form(consent=""), "consent"),
        (form(consent="no"), "consent"),
        (form(consent="x" * 1001), "consent"),
        (form(name=""), "name"),
        (form(name="x" * 101), "name"),
        (form(name="a\nb"), "name"),
        (form(name="a\x00b"), "name"),
        (form(name="\u202ebat"), "name"),
        (form(name="voice_0"), "name"),
        (form(audio_sample=b""), "audio_sample"),
        (form(audio_sample=b"<html>"), "audio_sample"),
        (form(audio_sample=wav(noise(0.5))), "audio_sample"),
        (form(audio_sample=wav(0 * noise(2.0))), "audio_sample"),
        (form(audio_sample=wav(noise(2.0))[:60]), "audio_sample"),
        (form(audio_sample=wav(np.stack([noise(0.5, 8000)] * 64, 1), 8000)), "audio_sample"),
        (form(audio_sample=wav(noise(0.1, 3_000_000), 3_000_000)), "audio_sample"),
    ],
)
def test_bad_uploads_get_422(shared: openai.OpenAI, changed: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as error:
        add_voice(shared, **changed)
    assert error.value.param == param
    listed = shared.get("/audio/voices", cast_to=object)["voices"]
    assert len(listed) == len(Voice.builtin_names())


def test_an_upload_needs_every_field(shared: openai.OpenAI) -> None:
    for missing in ("consent", "name", "audio_sample"):
        given = {"consent": (None, CONSENT), "name": (None, "New")}
        given["audio_sample"] = ("a.wav", wav(noise(2.0)))
        del given[missing]
        with pytest.raises(openai.UnprocessableEntityError, match=missing):
            shared.post("/audio/voices", cast_to=object, files=given)
    assert ask(shared, "POST", VOICES, b"{}", {"Content-Type": "application/json"})[0] == 422
    headers = {"Content-Type": "multipart/form-data"}
    assert ask(shared, "POST", VOICES, b"no boundary", headers)[0] == 400


@pytest.mark.parametrize(
    ("name", "file_name"),
    [("../../evil", "a.wav"), ("Bob", "../../../evil.voice"), ("/etc/passwd", ""), ("a;b", "CON")],
)
def test_odd_names_stay_in_the_folder(
    client: openai.OpenAI, settings: Settings, name: str, file_name: str
) -> None:
    made = add_voice(client, name=name, audio_sample=(file_name or "x", wav(noise(2.0))))
    files = sorted(p.relative_to(settings.data_folder) for p in settings.data_folder.rglob("*"))
    names = [str(path) for path in files]
    assert f"voices/{made.id}.voice" in names
    assert len(names) == 4  # the database, the folder, Anna and this one
    assert speak(client, voice=name)


@pytest.mark.parametrize("voice_id", ["..%2fvoices.sqlite3", "%2e%2e", "voice_..%2f", "*", "%00"])
def test_deleting_touches_nothing_else(
    client: openai.OpenAI, settings: Settings, voice_id: str
) -> None:
    assert ask(client, "DELETE", f"{VOICES}/{voice_id}")[0] == 404
    assert (settings.data_folder / "voices.sqlite3").exists()
    assert len(list((settings.data_folder / "voices").iterdir())) == 1


def test_a_recording_longer_than_it_can_be_read_costs_30_seconds() -> None:
    flac = wav(np.zeros((48000 * 300, 2), np.int16), 48000, format="FLAC")
    assert len(flac) < 200_000  # the samples are 290 times that
    samples, rate_hz = read_recording(io.BytesIO(flac))
    assert (len(samples), rate_hz) == (30 * 48000, 48000)


def test_a_header_that_promises_too_much_is_not_believed() -> None:
    data = bytearray(wav(noise(2.0)))
    data[40:44] = struct.pack("<I", 0xFFFFFFF0)
    samples, _ = read_recording(io.BytesIO(bytes(data)))
    assert len(samples) == 48000


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXTINF:9,\n{}\n", "ffconcat version 1.0\nfile {}\n"]
)
def test_a_playlist_opens_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playlist: str
) -> None:
    (tmp_path / "secret.wav").write_bytes(wav(noise(2.0)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no readable sound file"):
        read_recording(io.BytesIO(playlist.format("secret.wav").encode()))
