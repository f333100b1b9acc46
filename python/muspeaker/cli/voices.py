"""`muspeaker voices`: the voices that ship."""

from __future__ import annotations

import muspeaker
from muspeaker.cli.terminal import failing_cleanly, to_stdout
from muspeaker.voice import DEFAULT_NAME


def voices() -> None:
    """List the built-in voices."""
    with failing_cleanly():
        names = muspeaker.Voice.builtin_names()
        if not names:
            raise FileNotFoundError("no voice ships with this build")
        for name in names:
            to_stdout().print(f"{name}{' (default)' if name == DEFAULT_NAME else ''}", markup=False)
