"""Number of threads of an engine: limits, default, and the cores of this machine."""

from __future__ import annotations

import os

MAX_THREADS = 256
DEFAULT_THREADS = "1 on up to two cores, else half of them"  # `default_threads` in words


def available_cores() -> int:
    """Cores that this process may use, at most 256."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(cores, MAX_THREADS)


def default_threads() -> int:
    """Number of threads that leaves the machine usable: 1 on up to two cores, else half of them."""
    return max(1, available_cores() // 2)


def check_threads(num_threads: object, name: str = "num_threads") -> None:
    """Raise TypeError if a number of threads is no int, ValueError if it is not 1 to 256."""
    if isinstance(num_threads, bool) or not isinstance(num_threads, int):
        raise TypeError(f"{name} must be an int, got {type(num_threads).__name__}")
    if not 1 <= num_threads <= MAX_THREADS:
        raise ValueError(f"{name} must be 1 to {MAX_THREADS}, got {num_threads}")
