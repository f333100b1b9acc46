"""Every message of docs/troubleshooting.md is one that comes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.serve.openai.settings import Settings
from muspeaker.sound.audio import Audio
from muspeaker.text.encodings import decoded
from muspeaker.voice import Voice
from tests.serving import CONSENT, noise, serving, wav

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.tts import Synthesizer

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"


def messages() -> list[str]:
    """The first column, without its alternatives."""
    return [
        row.split("|")[1].strip() for row in PAGE.read_text().splitlines() if row.startswith("| `")
    ]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def said(
    tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Callable[[], Any]], str]:
    """What an act says, whether it raises or prints."""
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.chdir(tmp_path)
    voice.save("anna.voice")

    def told(act: Callable[[], Any]) -> str:
        try:
            return str(act())
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            return str(error)

    return told


def shell(*args: str) -> str:
    result = CliRunner().invoke(app, list(args))
    assert result.exit_code in {1, 2}
    return " ".join(result.stderr.replace("│", " ").split())


def test_messages_of_the_library(
    said: Callable[[Callable[[], Any]], str], tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    foreign = Voice(voice.vector, voice.style, fingerprint="f" * 16)
    Path("bad.wav").write_bytes(b"<html>")
    acts: dict[str, Callable[[], Any]] = {
        "cannot read '[pause": lambda: tts.synthesize("Hi [pause 3 min].", voice),
        "cannot read the SSML": lambda: muspeaker.read("<speak>Tom & Ann</speak>", ssml=True),
        "is not UTF-8": lambda: decoded(b"caf\xe9"),
        "is a URL: download it first": lambda: tts.clone("https://a.example/b.wav"),
        "is no readable sound file": lambda: tts.clone("bad.wav"),
        "is not one of this model's": lambda: tts.synthesize("Hi.", voice, language="de"),
        "is of model": lambda: tts.synthesize("Hi."),
        "is silent": lambda: tts.clone((np.zeros(50_000, "f4"), 24_000)),
        "is too short: expected at least 1 s": lambda: tts.clone((noise(0.5), 24_000)),
        "no voice '": lambda: tts.synthesize("Hi.", "nobody"),
        "no voice for": lambda: tts.dialogue("ANNA: Hi.", {}),
        "nothing to speak in": lambda: tts.synthesize("...", voice),
        "text is empty": lambda: tts.synthesize(" ", voice),
        "text is too long: expected at most 50000": lambda: tts.synthesize("a " * 30_000, voice),
        "unknown option": lambda: tts.synthesize("Hi.", voice, sped=2),
        "unknown sound format": lambda: Audio(noise(1.0), 24_000).save("a.doc"),
        "was made by model": lambda: tts.synthesize("Hi.", foreign),
        "without its rate": lambda: tts.clone(noise(2.0)),
    }
    for message, act in acts.items():
        assert message in said(act), message
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "no way to the sound card" in said(Audio(noise(1.0), 24_000).play)
    monkeypatch.setitem(sys.modules, "av", None)
    missing = said(lambda: Audio(noise(1.0), 24_000).encode("m4a"))
    assert "is missing: pip install 'muspeaker[" in missing
    known = {*acts, "no way to the sound card", "is missing: pip install 'muspeaker["}
    elsewhere = {message for cell in messages() for message in quoted(cell)} - known
    assert elsewhere == SHELL.keys() | SERVER


SHELL = {
    "is there already": ("say", "Hi.", "--voice", "anna.voice"),
    "Put the text in quotation marks": ("say", "Hello", "there."),
    "A text that begins with a dash": ("say", "-5 degrees"),
}
SERVER = {
    "consent is missing",
    "expected a JSON object as the body",
    "missing or wrong token",
    "the API is below /v1",
    "the body is too large",
}


def test_messages_of_the_shell(said: Callable[[Callable[[], Any]], str]) -> None:
    Path("speech.wav").write_bytes(b"")
    for message, args in SHELL.items():
        assert message in said(lambda args=args: shell(*args)), message


def test_messages_of_the_server(tts: Synthesizer, tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "data", token="secret", max_upload_bytes=1 << 20)
    with serving(tts, settings) as official:
        base = str(official.base_url).removesuffix("/v1/")
        with httpx.Client(base_url=base) as stranger:
            assert "missing or wrong token" in stranger.get("/v1/models").text
        with httpx.Client(base_url=base, headers={"Authorization": "Bearer secret"}) as client:
            sample = {"audio_sample": ("a.wav", wav(noise(2.0)))}
            answer = client.post("/v1/audio/voices", data={"name": "Eve"}, files=sample)
            assert "consent is missing" in answer.text
            large = {"audio_sample": ("a.wav", bytes(2 << 20))}
            answer = client.post("/v1/audio/voices", data={"consent": CONSENT}, files=large)
            assert "the body is too large" in answer.text
            answer = client.post("/v1/audio/speech", json={"input": "Hi.", "voice": "eve"})
            assert "no voice 'eve'" in answer.text
            answer = client.post("/v1/audio/speech", content="{}")
            assert "expected a JSON object as the body" in answer.text
            assert "the API is below /v1" in client.post("/audio/speech", json={}).text
