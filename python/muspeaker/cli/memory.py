"""Memory of a process that serves for long."""

from __future__ import annotations

import ctypes
import gc
import sys

MEBIBYTE = 1024 * 1024
# Options of glibc's <malloc.h>, and what they are set to.
M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -8, -3, -1
ALLOCATOR = ((M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, 32 * MEBIBYTE), (M_TRIM_THRESHOLD, 64 * MEBIBYTE))


def share_freed_memory() -> None:
    """Let all threads take again what any of them freed; to be called before the first of them begins.

    glibc keeps a pool for each thread, and each holds the most that its thread ever needed. It also gives memory back
    and takes it anew in the middle of a request, so that a server's size goes up and down by a twentieth. So there is
    one pool, of which at most 64 MiB at its end are free. Other C libraries have nothing to set.
    """
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        if set_option is not None:
            for option, value in ALLOCATOR:
                set_option(option, value)


def settle() -> None:
    """Let the garbage collector leave alone what exists now, because it stays.

    It looks at everything only when a quarter as much is new. Beside what a server has loaded that takes thousands of
    requests, and until then CPython keeps their freed tuples.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # which counts how little is left
