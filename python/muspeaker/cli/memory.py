"""Memory of a process that serves for long."""

from __future__ import annotations

import ctypes
import gc
import sys

M_ARENA_MAX = -8  # of glibc's <malloc.h>


def share_freed_memory() -> None:
    """Let all threads take from one pool what any of them freed; before the first of them begins.

    Else glibc keeps a pool for each, and each pool keeps the most that its thread ever needed: two threads that speak
    hold a sixth more. Other C libraries have nothing to set.
    """
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        if set_option is not None:
            set_option(M_ARENA_MAX, 1)


def settle() -> None:
    """Let the garbage collector leave alone what exists now, because it stays.

    It looks at everything only when a quarter as much is new. Beside what a server has loaded that takes a thousand
    requests, and until then CPython keeps their freed tuples.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # which counts how little is left
