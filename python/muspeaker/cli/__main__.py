"""`python -m muspeaker.cli`."""

from __future__ import annotations

from muspeaker.cli import main

main()
