"""Child processes: what a fork of the process must not leave locked or half done.

A child has only the thread that forked. An engine whose helpers or calls were in other threads can neither work nor
be destroyed there, and a lock that another thread held is never released.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muspeaker import _core


class EngineOfProcess:
    """An engine that a child process replaces by one of its own, which shares the weights.

    Args:
        core: Engine of this process.
        num_threads: Threads of the engine.
    """

    def __init__(self, core: _core.Synthesizer, num_threads: int) -> None:
        self._core = core
        self._num_threads = num_threads
        self._process = os.getpid()
        self._lock = threading.Lock()
        _ENGINES.add(self)

    def get(self) -> _core.Synthesizer:
        """The engine of the process that asks."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._core = self._core.fork(self._num_threads)
                    self._process = os.getpid()
        return self._core

    def leave_to_parent(self) -> None:
        """In a child: keep the parent's engine for ever, since its destructor would wait for threads that are gone."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._core))
        self._lock = threading.Lock()


_ENGINES: weakref.WeakSet[EngineOfProcess] = weakref.WeakSet()


def keep_usable(lock: threading.Lock) -> None:
    """Let a fork wait until a lock is free, so that the child finds it free."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )


def _leave_engines() -> None:
    for engine in list(_ENGINES):
        engine.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_engines)
