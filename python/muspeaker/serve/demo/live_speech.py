"""Speech that a browser plays while it is still being spoken: a WAV file that grows."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from muspeaker.sound.samples import WAV_HEADER_BYTES, to_int16, wav_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.sound.audio import Audio

WAIT_SECONDS = 60.0


class LiveSpeech:
    """One growing WAV file: one writer adds chunks, any number of players read it from the start."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._chunks: list[bytes] = []
        self._num_samples = 0
        self._is_finished = False
        self._changed = threading.Condition()

    def add(self, audio: Audio) -> None:
        """Append a chunk."""
        data = to_int16(audio.samples).tobytes()
        with self._changed:
            self._chunks.append(data)
            self._num_samples += len(audio.samples)
            self._changed.notify_all()

    def finish(self) -> None:
        """Mark the speech as complete."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def finished_size(self) -> int | None:
        """Size of the whole file in bytes; None while it grows."""
        with self._changed:
            return WAV_HEADER_BYTES + sum(map(len, self._chunks)) if self._is_finished else None

    def read(self) -> Iterator[bytes]:
        """The file from its header on. Waits for chunks, and ends with the speech."""
        with self._changed:
            num_samples = self._num_samples if self._is_finished else None
        yield wav_header(self._sample_rate, num_samples)
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
    """The latest speeches under unguessable names; older ones are dropped."""

    def __init__(self, capacity: int = 16) -> None:
        self._capacity = capacity
        self._speeches: OrderedDict[str, LiveSpeech] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, sample_rate: int) -> tuple[str, LiveSpeech]:
        """Make an empty speech; returns its name and the speech."""
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
