"""Speech to the sound card: through the package sounddevice, or a player program that is there."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from muspeaker.sound.audio import Audio

# Programs in the order they are tried. {rate} and {channels} are filled in; they read 16-bit samples from their
# standard input, but for the one that takes a {file}.
PROGRAMS = (
    ("paplay", "--raw", "--rate={rate}", "--format=s16le", "--channels={channels}"),
    ("aplay", "-q", "-t", "raw", "-f", "S16_LE", "-r", "{rate}", "-c", "{channels}", "-"),
    (
        "play",
        "-q",
        "-t",
        "raw",
        "-e",
        "signed",
        "-b",
        "16",
        "-r",
        "{rate}",
        "-c",
        "{channels}",
        "-",
    ),
    (
        "ffplay",
        "-loglevel",
        "error",
        "-nodisp",
        "-autoexit",
        "-f",
        "s16le",
        "-ar",
        "{rate}",
        "-ch_layout",
        "{layout}",
        "-",
    ),
    ("afplay", "{file}"),
)
LAYOUTS = {1: "mono", 2: "stereo"}  # as FFmpeg names them


class Player(Protocol):
    """Plays chunks as they come; `close` waits until the last is heard."""

    def write(self, chunk: Audio) -> None: ...  # noqa: D102 (the class says it)

    def close(self) -> None: ...  # noqa: D102


def open_player(sample_rate: int, channels: int = 1) -> Player:
    """The first way to the sound card that is there.

    Raises:
        RuntimeError: If there is none.
    """
    device = _sound_device(sample_rate, channels)
    if device is not None:
        return SoundDevicePlayer(device)
    for name, *arguments in PROGRAMS:
        program = shutil.which(name)
        if program is None:
            continue
        if "{file}" in arguments:
            return FilePlayer(program)
        wanted = arguments
        if channels == 1:  # the default, and old versions of ffplay know no layout
            wanted = [part for part in arguments if part not in {"-ch_layout", "{layout}"}]
        filled = {"rate": sample_rate, "channels": channels, "layout": LAYOUTS[channels]}
        return PipePlayer([program, *(part.format_map(filled) for part in wanted)])
    names = ", ".join(command[0] for command in PROGRAMS)
    raise RuntimeError(
        "no way to the sound card: install muspeaker[play], or one of these programs: "
        f"{names}; or write a file"
    )


def _sound_device(sample_rate: int, channels: int) -> Any:
    """A started stream, or None without the package, PortAudio or a device."""
    try:
        import sounddevice  # noqa: PLC0415 (an extra; finding PortAudio takes a while)
    except (ImportError, OSError):
        return None
    with suppress(sounddevice.PortAudioError):
        stream = sounddevice.RawOutputStream(
            samplerate=sample_rate, channels=channels, dtype="int16"
        )
        stream.start()
        return stream
    return None


class SoundDevicePlayer:
    """Plays through PortAudio."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, chunk: Audio) -> None:
        """Play one chunk; returns when the buffer has taken it."""
        self._stream.write(chunk.encode(".pcm"))

    def close(self) -> None:
        """Wait for the last sample."""
        self._stream.stop()
        self._stream.close()


class PipePlayer:
    """Plays through the standard input of a program."""

    def __init__(self, command: list[str]) -> None:
        self._name = Path(command[0]).name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def write(self, chunk: Audio) -> None:
        """Play one chunk."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(chunk.encode(".pcm"))
            self._process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise RuntimeError(f"{self._name} stopped reading") from None

    def close(self) -> None:
        """Wait for the program."""
        _, errors = self._process.communicate()
        if self._process.returncode != 0:
            last = errors.decode(errors="replace").strip().splitlines()[-1:]
            reason = "".join(f": {line}" for line in last)
            raise RuntimeError(f"{self._name} ended with status {self._process.returncode}{reason}")


class FilePlayer:
    """Plays a file at the end, with a program that reads no pipe."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._chunks: list[Audio] = []

    def write(self, chunk: Audio) -> None:
        """Keep one chunk."""
        self._chunks.append(chunk)

    def close(self) -> None:
        """Play everything."""
        with tempfile.TemporaryDirectory(prefix="muspeaker-") as folder:
            path = Path(folder) / "speech.wav"
            Audio.join(self._chunks).save(path)
            status = subprocess.run([self._program, str(path)], check=False).returncode
        if status != 0:
            raise RuntimeError(f"{Path(self._program).name} ended with status {status}")
