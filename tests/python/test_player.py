"""Ways to the sound card, with a player program and a package made for the test."""

from __future__ import annotations

import shutil
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from muspeaker.sound.audio import Audio
from muspeaker.sound.player import PROGRAMS, open_player

if TYPE_CHECKING:
    from pathlib import Path

RATE = 22050


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only one in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # importing it fails
    return folder


def install(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def chunks() -> list[Audio]:
    samples = (0.3 * np.sin(np.arange(2000) / 9)).astype(np.float32)
    return [Audio(samples, RATE), Audio(samples[:500], RATE)]


@pytest.mark.parametrize("name", [command[0] for command in PROGRAMS if "{file}" not in command])
def test_samples_are_piped_to_a_program(programs: Path, chunks: list[Audio], name: str) -> None:
    heard, said = programs / "heard", programs / "said"
    install(programs, name, f'echo "$@" >{said}; exec /bin/cat >{heard}')
    player = open_player(RATE)
    for chunk in chunks:
        player.write(chunk)
    player.close()
    assert heard.read_bytes() == Audio.join(chunks).encode(".pcm")
    assert str(RATE) in said.read_text()
    assert "{" not in said.read_text()


def test_a_program_without_a_pipe_gets_a_file(programs: Path, chunks: list[Audio]) -> None:
    install(programs, "afplay", f'/bin/cp "$1" {programs}/heard.wav')
    player = open_player(RATE)
    for chunk in chunks:
        player.write(chunk)
    player.close()
    samples, _ = soundfile.read(programs / "heard.wav", dtype="float32")
    np.testing.assert_allclose(samples, Audio.join(chunks).samples, atol=1e-4)


@pytest.mark.skipif(shutil.which("aplay") is None, reason="there is no aplay")
@pytest.mark.parametrize("channels", [1, 2])
def test_the_real_aplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    """ALSA's own program, with a file in the place of the sound card."""
    file = f'pcm {{ type file slave.pcm "null" format raw file "{tmp_path}/heard" }}'
    card = f"{file} format S16_LE rate {RATE} channels {channels}"  # others would be converted
    (tmp_path / ".asoundrc").write_text(f"pcm.!default {{ type plug slave {{ {card} }} }}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aplay").symlink_to(str(shutil.which("aplay")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    samples = (0.3 * np.sin(np.arange(9000) / 9)).astype(np.float32)
    spoken = Audio(samples if channels == 1 else np.stack([samples, -samples], axis=1), RATE)
    spoken.play()
    expected = spoken.encode(".pcm")
    heard = (tmp_path / "heard").read_bytes()
    assert heard[: len(expected)] == expected
    assert not any(heard[len(expected) :])  # the last period is filled with silence


@pytest.mark.parametrize("name", ["aplay", "afplay"])
def test_a_program_that_fails_is_named(programs: Path, chunks: list[Audio], name: str) -> None:
    install(programs, name, "echo no such device >&2; exit 3")
    player = open_player(RATE)

    def play() -> None:
        for chunk in chunks * 50:  # more than a pipe holds
            player.write(chunk)
        player.close()

    with pytest.raises(RuntimeError, match=f"{name} ended with status 3"):
        play()


def test_without_any_the_text_says_what_to_install(programs: Path) -> None:
    assert list(programs.iterdir()) == []
    with pytest.raises(RuntimeError, match=r"install muspeaker\[play\], or one of .*aplay"):
        open_player(RATE)


class FakeStream:
    """What sounddevice.RawOutputStream does."""

    def __init__(self, samplerate: int, channels: int, dtype: str) -> None:
        assert (samplerate, channels, dtype) == (RATE, 1, "int16")
        self.heard = b""
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def write(self, data: bytes) -> None:
        self.heard += data

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


def fake_sounddevice(stream: Any) -> ModuleType:
    module = ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})
    module.RawOutputStream = stream
    return module


def test_sounddevice_comes_first(
    programs: Path, chunks: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(programs, "aplay", "exit 1")
    made: list[FakeStream] = []

    def make(**options: Any) -> FakeStream:
        made.append(FakeStream(**options))
        return made[-1]

    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice(make))
    player = open_player(RATE)
    player.write(chunks[0])
    player.close()
    assert made[0].heard == chunks[0].encode(".pcm")
    assert made[0].calls == ["start", "stop", "close"]


def test_a_machine_without_a_device_falls_back_to_a_program(
    programs: Path, chunks: list[Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = fake_sounddevice(None)

    def refuse(**_: Any) -> None:
        raise module.PortAudioError("no default output device")

    module.RawOutputStream = refuse
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    install(programs, "aplay", f"exec /bin/cat >{programs}/heard")
    player = open_player(RATE)
    player.write(chunks[1])
    player.close()
    assert (programs / "heard").read_bytes() == chunks[1].encode(".pcm")
