"""Many texts in one call: batches and dialogues."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from muspeaker.sound.audio import Audio
    from muspeaker.stream import Item, Result, Worker
    from muspeaker.voice import Voice

STEREO_WIDTH = 0.6  # of the way from the middle to one side


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
