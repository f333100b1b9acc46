"""What `Synthesizer` gives besides plain recordings: streams, and the parts of a dialogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from muspeaker.audio import Audio
    from muspeaker.voice import Voice

STEREO_WIDTH = 0.6  # of the way from the middle to one side


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


def stereo_places(speakers: Sequence[Voice]) -> dict[Voice, float]:
    """Positions of -1 (left) to 1 (right), evenly from left to right by first appearance."""
    order = list(dict.fromkeys(speakers))
    if len(order) == 1:
        return {order[0]: 0.0}
    step = 2 * STEREO_WIDTH / (len(order) - 1)
    return {speaker: index * step - STEREO_WIDTH for index, speaker in enumerate(order)}


def with_speaker(audio: Audio, speaker: str) -> Audio:
    """The same with the name of who speaks on every word."""
    return replace(audio, words=[replace(word, speaker=speaker) for word in audio.words])
