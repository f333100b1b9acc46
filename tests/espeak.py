"""Whether espeak-ng is installed: without it, what needs it is skipped, and the rest passes."""

from __future__ import annotations

from contextlib import suppress

import pytest

HAS_ESPEAK = False
with suppress(ImportError):
    import espeakng_loader
    import phonemizer

    HAS_ESPEAK = bool(espeakng_loader and phonemizer)

needs_espeak = pytest.mark.skipif(not HAS_ESPEAK, reason="needs muspeaker[espeak]")
