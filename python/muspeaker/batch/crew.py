"""Sharing jobs among workers that may die."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from muspeaker.batch.speaker import Refusal, Spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muspeaker.batch.jobs import Job

MAX_TRIES = 3  # of a job whose worker dies


@dataclass(frozen=True)
class Ready:
    """A worker can be given its first job."""


@dataclass(frozen=True)
class Gone:
    """A worker died."""

    reason: str


Answer = Ready | Spoken | Refusal | Gone


class Crew(Protocol):
    """Workers: processes of this machine, or actors of a cluster. Each has one job at a time."""

    def hire(self) -> Any:
        """Begin to start a worker; it answers `Ready`. Returns what it is called from now on."""

    def give(self, worker: Any, job: Job) -> None:
        """Give a job to a worker that has none; it answers once."""

    def wait(self) -> Iterable[tuple[Any, Answer]]:
        """Wait for at least one answer."""


def share_out(jobs: Iterable[Job], crew: Crew, size: int) -> Iterator[tuple[Job, Spoken | Refusal]]:
    """Have all jobs done, and give each with its outcome as it comes.

    Args:
        jobs: Jobs; those that take longest should come first, else the last may be waited for.
        crew: Who does them.
        size: Number of workers.

    Raises:
        RuntimeError: If workers die before they are ready, time and again.
    """
    left = deque(jobs)
    tries: Counter[str] = Counter()
    busy: dict[Any, Job | None] = {crew.hire(): None for _ in range(min(size, len(left)))}
    failed_starts = 0
    while left or any(busy.values()):
        for worker, answer in crew.wait():
            job = busy.pop(worker, None)
            if isinstance(answer, Gone):
                failed_starts += job is None
                if failed_starts == MAX_TRIES:
                    raise RuntimeError(f"workers cannot start: {answer.reason}")
                if job is not None:
                    tries[job.name] += 1
                    if tries[job.name] == MAX_TRIES:
                        reason = f"{answer.reason}, {MAX_TRIES} times"
                        yield job, Refusal(reason)
                    else:
                        left.appendleft(job)
                if left:
                    busy[crew.hire()] = None
                continue
            failed_starts = 0
            if job is not None and isinstance(answer, Spoken | Refusal):
                yield job, answer
            if left:
                busy[worker] = following = left.popleft()
                crew.give(worker, following)
