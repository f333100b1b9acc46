"""What `Synthesizer` gives besides plain recordings: streams, and the parts of a dialogue."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from muspeaker.audio import Audio, Span
    from muspeaker.voice import Voice

Item = TypeVar("Item")
Worker = TypeVar("Worker")
Result = TypeVar("Result")

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


def share_out(
    items: Sequence[Item], workers: Sequence[Worker], work: Callable[[Worker, Item], Result]
) -> list[Result]:
    """Do the work on every item, on a thread for each worker, which has one item at a time.

    Returns:
        The results in the order of the items. When one fails, no further item is begun.
    """
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def run(item: Item) -> Result:
        worker = free.get()
        try:
            return work(worker, item)
        finally:
            free.put(worker)

    if not items:
        return []
    with ThreadPoolExecutor(len(workers)) as pool:
        try:
            return list(pool.map(run, items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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


def begun_between(spans: list[Span], begin: float, end: float) -> list[Span]:
    """Those that start there, their times from `begin` on."""
    return [
        replace(span, start=span.start - begin, end=span.end - begin)
        for span in spans
        if begin <= span.start < end
    ]
