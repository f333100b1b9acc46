"""Speech that a browser plays while it is still being spoken: a WAV file that grows."""

from __future__ import annotations

import secrets
import struct
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.sound.audio import Audio

WAIT_SECONDS = 60.0
_UNKNOWN = 0xFFFFFFFF  # a length that readers of a growing file ignore
_BITS = 16


class LiveSpeech:
    """One speech: chunks are added by who speaks, and read from the start by any number of players."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._chunks: list[bytes] = []
        self._is_finished = False
        self._changed = threading.Condition()

    def add(self, audio: Audio) -> None:
        """Append a chunk."""
        data = np.rint(np.clip(audio.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        with self._changed:
            self._chunks.append(data)
            self._changed.notify_all()

    def finish(self) -> None:
        """Say that no chunk follows."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def finished_size(self) -> int | None:
        """Bytes of the whole file, or None while it grows."""
        with self._changed:
            return 44 + sum(map(len, self._chunks)) if self._is_finished else None

    def read(self) -> Iterator[bytes]:
        """The file from its header on; waits for chunks, and ends when the speech does."""
        size = self.finished_size()
        yield _header(self._sample_rate, _UNKNOWN if size is None else size - 44)
        position = 0
        while True:
            with self._changed:
                while position == len(self._chunks) and not self._is_finished:
                    if not self._changed.wait(WAIT_SECONDS):
                        return
                if position == len(self._chunks):
                    return
                data = self._chunks[position]
            position += 1
            yield data


class LiveSpeeches:
    """The speeches of late, by a name that nobody guesses; older ones are forgotten."""

    def __init__(self, capacity: int = 16) -> None:
        self._capacity = capacity
        self._speeches: OrderedDict[str, LiveSpeech] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, sample_rate: int) -> tuple[str, LiveSpeech]:
        """Make an empty speech; returns its name and itself."""
        name, speech = secrets.token_urlsafe(16), LiveSpeech(sample_rate)
        with self._lock:
            self._speeches[name] = speech
            while len(self._speeches) > self._capacity:
                self._speeches.popitem(last=False)
        return name, speech

    def find(self, name: str) -> LiveSpeech | None:
        """The speech of a name, if it is still known."""
        with self._lock:
            return self._speeches.get(name)


def _header(sample_rate: int, data_bytes: int) -> bytes:
    """The 44 bytes before the samples of a 16-bit WAV file of one channel."""
    riff_bytes = _UNKNOWN if data_bytes == _UNKNOWN else 36 + data_bytes
    bytes_a_second = sample_rate * _BITS // 8
    form = struct.pack("<HHIIHH", 1, 1, sample_rate, bytes_a_second, _BITS // 8, _BITS)
    return (
        b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip
