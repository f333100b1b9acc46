"""Zero-shot text to speech that runs on small CPUs."""

from __future__ import annotations
