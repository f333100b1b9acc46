"""`python -m muspeaker`."""

from __future__ import annotations

from muspeaker.cli import main

main()
