from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
from typer.testing import CliRunner, Result

import muspeaker
from muspeaker.cli import app
from muspeaker.voice import Voice

if TYPE_CHECKING:
    import numpy as np

    from muspeaker.tts import Synthesizer


@pytest.fixture
def run(tts: Synthesizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run one command in an empty folder on the fake engine."""
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, text: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=text)

    return invoke


def test_say_in_a_voice_file(run: Any, voice: Voice, engine: Any) -> None:
    voice.save("anna.voice")
    result = run(
        "say",
        "Hello. There.",
        "-o",
        "a.wav",
        "--voice",
        "anna.voice",
        "--speed",
        "2",
        "--seed",
        "3",
    )
    assert result.exit_code == 0, result.output
    assert "a.wav: " in result.output
    assert soundfile.info("a.wav").samplerate == 22050
    assert [call["speed"] for call in engine.calls] == [2.0, 2.0]


def test_say_clones_a_recording_and_reads_standard_input(
    run: Any, engine: Any, tone: np.ndarray
) -> None:
    soundfile.write("anna.wav", tone, 24000)
    result = run("say", "-", "--voice", "anna.wav", "-o", "b.flac", text=b"From a pipe.")
    assert result.exit_code == 0, result.output
    assert len(engine.clones) == 1
    assert soundfile.info("b.flac").format == "FLAC"


def test_say_writes_wav_to_standard_output(run: Any, voice: Voice) -> None:
    voice.save("anna.voice")
    result = run("say", "Hi.", "--voice", "anna.voice", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"RIFF")


def test_clone_writes_a_voice_file(run: Any, tone: np.ndarray) -> None:
    soundfile.write("anna.wav", tone, 24000)
    result = run("clone", "anna.wav", "--name", "Anna")
    assert result.exit_code == 0, result.output
    assert Voice.load("anna.voice").name == "Anna"


def test_info_shows_the_header(run: Any) -> None:
    Path("m.bin").write_bytes(b"x")
    result = run("info", "m.bin")
    assert result.exit_code == 0, result.output
    for word in ("1,234", "0123456789abcdef", "audio.sample_rate", "22050", "symbols"):
        assert word in result.output


def test_voices_lists_or_fails(run: Any) -> None:
    result = run("voices")
    assert result.exit_code == (0 if Voice.builtin_names() else 1)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("say", "Hi", "--voice", "nobody"), "error: no voice 'nobody'"),
        (("say", "...", "--voice", "anna.voice"), "error: nothing to speak"),
        (("say", "Hi", "--voice", "anna.voice", "-o", "a.xyz"), "error: unknown sound format"),
        (("say", "Hi", "--voice", "anna.voice", "--language", "xx"), "error: unknown language"),
        (("clone", "no.wav"), "error: prompt file 'no.wav' does not exist"),
        (("info", "no.bin"), "No such file"),
    ],
)
def test_failures_exit_with_1(run: Any, voice: Voice, args: tuple[str, ...], message: str) -> None:
    voice.save("anna.voice")
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "args",
    [("say",), ("say", "Hi", "--speed", "9"), ("say", "Hi", "--seed", "x"), ("sing",), ("clone",)],
)
def test_bad_usage_exits_with_2(run: Any, args: tuple[str, ...]) -> None:
    assert run(*args).exit_code == 2


@pytest.mark.parametrize("command", ["say", "clone", "info", "voices"])
def test_every_command_has_help(run: Any, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output
