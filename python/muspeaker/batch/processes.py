"""Workers that are processes of this machine and share one model.

Where processes can be forked, they have the parent's model: its pages stand in memory once. Elsewhere each maps the
same file.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from muspeaker.batch.crew import Gone, Ready
from muspeaker.batch.speaker import JobSpeaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path
    from typing import Self

    from muspeaker.batch.crew import Answer
    from muspeaker.batch.jobs import Job
    from muspeaker.batch.speaker import Manner
    from muspeaker.tts import Synthesizer

# Forking is safe on Linux alone: elsewhere the system's libraries have threads of their own.
START = "fork" if sys.platform == "linux" else "spawn"


class ProcessCrew:
    """A `Crew` of processes. Used as a context: its end is theirs.

    Args:
        tts: Model, on one thread.
        model: Its file, for processes that are not forked; None is the one that ships.
        manner: What is the same for all jobs.
    """

    def __init__(self, tts: Synthesizer, model: Path | None, manner: Manner) -> None:
        self._context: Any = multiprocessing.get_context(START)
        self._speaker = JobSpeaker(tts, manner)
        self._to_load = (model, tts.fingerprint, manner)
        self._processes: dict[Connection, BaseProcess] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()  # it holds nothing: files are written here
        for ours, process in self._processes.items():
            ours.close()
            process.join()
        self._processes.clear()

    def hire(self) -> Connection:
        """See `Crew`."""
        ours, theirs = self._context.Pipe()
        if START == "fork":
            source: Any = self._speaker
            inherited = [*self._processes, ours]
        else:
            source, inherited = self._to_load, []
        process = self._context.Process(
            target=_work, args=(source, theirs, inherited), name="muspeaker batch", daemon=True
        )
        with warnings.catch_warnings():  # of threads, which NumPy's libraries know how to fork with
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        self._processes[ours] = process
        return ours  # type: ignore[no-any-return]  # the context is of no known kind

    def give(self, worker: Connection, job: Job) -> None:
        """See `Crew`."""
        try:
            worker.send(job)
        except OSError:  # it has died: `wait` finds out
            return

    def wait(self) -> Iterator[tuple[Connection, Answer]]:
        """See `Crew`."""
        heard: Any = connection.wait(list(self._processes))
        for ours in heard:
            try:
                answer = ours.recv()
            except (EOFError, OSError):
                answer = Gone(self._ending(ours))
            yield ours, answer

    def _ending(self, ours: Connection) -> str:
        """How a process ended; it is forgotten."""
        process = self._processes.pop(ours)
        ours.close()
        process.join()
        code = process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"status {code}"
        return f"the worker ended by {how}"


def _work(
    source: JobSpeaker | tuple[Path | None, str, Manner],
    pipe: Connection,
    inherited: Sequence[Connection],
) -> None:
    """Speak what comes through the pipe until it is closed.

    Args:
        source: What speaks, or how to make it.
        pipe: Jobs in, answers out.
        inherited: The parent's ends of pipes, which a fork holds open too.
    """
    for other in inherited:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        speaker = source if isinstance(source, JobSpeaker) else JobSpeaker.load(*source)
        pipe.send(Ready())
        speak: Callable[[Any], Answer] = speaker.speak
        while True:
            pipe.send(speak(pipe.recv()))
    except (EOFError, OSError):
        os._exit(0)
