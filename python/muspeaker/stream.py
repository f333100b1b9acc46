"""What `Synthesizer` gives besides plain recordings: streams, and the parts of a dialogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

    from muspeaker.sound.audio import Audio

Item = TypeVar("Item")
Worker = TypeVar("Worker")
Result = TypeVar("Result")


class SpeechStream(Iterator["Audio"]):
    """Chunks of speech as they are ready; joined they are the whole.

    Attributes:
        num_words: In all chunks together, for showing progress.
    """

    def __init__(self, chunks: Generator[Audio], num_words: int) -> None:
        self._chunks = chunks
        self.num_words = num_words

    def __next__(self) -> Audio:
        return next(self._chunks)

    def close(self) -> None:
        """Speak no further chunk. One that another thread works on is still finished."""
        with suppress(ValueError):  # "generator already executing": it is dropped with that call
            self._chunks.close()
