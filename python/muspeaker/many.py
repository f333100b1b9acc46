"""Many texts in one call, several sentences at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from muspeaker.options import sentence_seed
from muspeaker.sound.audio import Audio
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from muspeaker.options import SynthesisOptions
    from muspeaker.stream import SpeechEngine
    from muspeaker.text.passages import Passage

Item = TypeVar("Item")
Worker = TypeVar("Worker")
Result = TypeVar("Result")


def speak_batch(
    engine: SpeechEngine,
    texts: object,
    voice: object,
    options: SynthesisOptions,
    num_workers: int,
) -> list[Audio]:
    """Speak many texts, their passages shared out among single-threaded forks of the engine.

    Args:
        engine: Engine whose weights are used.
        texts: List of str. All are checked before the first is spoken.
        voice: One Voice for all, or a list with one for each text.
        options: Options for all texts.
        num_workers: Number of forks.

    Raises:
        TypeError: If texts is no list, or an item is of another type.
        ValueError: If there are not as many voices as texts, or a text cannot be spoken.
    """
    written = listed(texts, "texts")
    voices = [voice] * len(written) if isinstance(voice, Voice) else listed(voice, "voice")
    if len(voices) != len(written):
        raise ValueError(f"expected {len(written)} voices, one for each text, got {len(voices)}")
    plans = [
        numbered_plan(engine, number, *item, options)
        for number, item in enumerate(zip(written, voices, strict=True))
    ]
    passes = [
        (passage, speaker, sentence_seed(seed, index))
        for plan, speaker in zip(plans, voices, strict=True)
        for seed in [options.drawn_seed()]
        for index, passage in enumerate(plan)
    ]

    def speak(fork: SpeechEngine, given: tuple[Passage, Voice, int]) -> list[Audio]:
        passage, speaker, seed = given
        return list(fork.speak_passage(passage, speaker, options, seed))

    forks = [engine.fork() for _ in range(min(num_workers, len(passes)))]
    spoken = iter(share_out(passes, forks, speak))
    return [Audio.join([part for _ in plan for part in next(spoken)]) for plan in plans]


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
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (one text needs no threads)

    with ThreadPoolExecutor(len(workers)) as pool:
        try:
            return list(pool.map(run, items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def numbered_plan(
    engine: SpeechEngine, number: int, text: object, voice: object, options: SynthesisOptions
) -> list[Passage]:
    """The plan of one text among many; an error names its number."""
    try:
        return engine.plan(text, voice, options)
    except (TypeError, ValueError) as error:
        raise type(error)(f"text {number}: {error}") from error


def listed(items: object, name: str) -> list[Any]:
    """The items of a list, or of anything that gives items one by one; raises TypeError for a text."""
    if isinstance(items, (str, bytes)) or not isinstance(items, Iterable):
        raise TypeError(f"{name} must be a list, got {type(items).__name__}")
    return list(items)
