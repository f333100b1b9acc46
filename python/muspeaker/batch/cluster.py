"""Workers that are actors of a Ray cluster (the extra `ray`).

Every machine needs muspeaker and the model's file, not the folder of the files: these are written where the jobs are.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from muspeaker.batch.crew import Gone, Ready
from muspeaker.batch.speaker import JobSpeaker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from muspeaker.batch.crew import Answer
    from muspeaker.batch.jobs import Job
    from muspeaker.batch.speaker import Manner
    from muspeaker.tts import Synthesizer

LOCAL = "local"  # as an address: a cluster of this machine alone, for as long as it is needed


class _Actor:
    """One actor, which is a process with one core."""

    def __init__(self, model: Path | None, fingerprint: str, manner: Manner) -> None:
        self._speaker = JobSpeaker.load(model, fingerprint, manner)

    def ready(self) -> Answer:
        return Ready()

    def speak(self, job: Job) -> Answer:
        return self._speaker.speak(job)


class RayCrew:
    """A `Crew` of actors. Used as a context: its end is theirs.

    Args:
        address: Address of the cluster, as `ray.init` takes it; `local` starts one.
        tts: Model, for its fingerprint.
        model: Its file, at the same path on every machine; None is the one that ships.
        manner: What is the same for all jobs.

    Raises:
        ConnectionError: If no cluster is there.
        ModuleNotFoundError: If Ray is not installed.
    """

    def __init__(self, address: str, tts: Synthesizer, model: Path | None, manner: Manner) -> None:
        import ray  # noqa: PLC0415 (an extra)

        self._ray = ray
        options = {"include_dashboard": False} if address == LOCAL else {}
        ray.init(address, logging_level=logging.WARNING, log_to_driver=False, **options)
        self._actor_class = ray.remote(num_cpus=1)(_Actor)
        path = None if model is None else model.absolute()
        self._arguments = (path, tts.fingerprint, ray.put(manner))
        self._workers: dict[Any, Any] = {}  # by what they were asked for
        self._actors: set[Any] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._ray.shutdown()

    @property
    def cores(self) -> int:
        """Cores of the whole cluster."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def hire(self) -> Any:
        """See `Crew`."""
        actor = self._actor_class.remote(*self._arguments)
        self._actors.add(actor)
        self._workers[actor.ready.remote()] = actor
        return actor

    def give(self, worker: Any, job: Job) -> None:
        """See `Crew`."""
        self._workers[worker.speak.remote(job)] = worker

    def wait(self) -> Iterator[tuple[Any, Answer]]:
        """See `Crew`."""
        done, _ = self._ray.wait(list(self._workers), num_returns=1)
        for asked in done:
            actor = self._workers.pop(asked)
            try:
                yield actor, self._ray.get(asked)
            except self._ray.exceptions.RayError as error:
                self._actors.discard(actor)
                self._ray.kill(actor)  # if it is its answer alone that was lost
                told = str(error).strip().splitlines() or [type(error).__name__]
                yield actor, Gone(f"the actor is lost: {told[-1].strip()}")
