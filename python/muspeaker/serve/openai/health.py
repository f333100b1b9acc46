"""Whether the engine speaks."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

TEXT = "a"  # one phone
FRESH_SECONDS = 5.0

log = logging.getLogger("muspeaker.serve")


class Health:
    """Lets the engine say one phone, to see whether it speaks, and not again for 5 s.

    Args:
        tts: Model that speaks.
        find_voice: Gives a voice that the model can speak with, or None where there is none yet.
    """

    def __init__(self, tts: Synthesizer, find_voice: Callable[[], Voice | None]) -> None:
        self._tts = tts
        self._find_voice = find_voice
        self._lock = threading.Lock()
        self._good_until = 0.0

    def check(self) -> bool:
        """Whether the engine speaks. The log says why not."""
        with self._lock:
            if time.monotonic() < self._good_until:
                return True
            try:
                voice = self._find_voice()
                if voice is not None:
                    self._tts.synthesize(TEXT, voice)
            except Exception:
                log.exception("the engine does not speak")
                return False
            self._good_until = time.monotonic() + FRESH_SECONDS
            return True
