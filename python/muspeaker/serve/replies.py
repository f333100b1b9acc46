"""The speech of one reply, as every server speaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.sound.audio import Audio
from muspeaker.stream import SpeechStream
from muspeaker.text.passages import NothingToSpeakError
from muspeaker.text.ssml import begins_ssml

if TYPE_CHECKING:
    from collections.abc import Generator

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

SILENT_SECONDS = 0.25  # of a reply of pictures alone


def stream_reply(tts: Synthesizer, text: str, voice: Voice, **options: Any) -> SpeechStream:
    """`Synthesizer.stream`; a text that begins with `<speak` is SSML, and one of emoji alone is a short silence.

    Raises:
        ValueError: As `Synthesizer.stream`.
    """
    try:
        return tts.stream(text, voice, ssml=begins_ssml(text), **options)
    except NothingToSpeakError as error:
        if not error.has_pictures:
            raise
        return SpeechStream(_silence(tts.sample_rate), 0)


def _silence(rate_hz: int) -> Generator[Audio]:
    yield Audio(np.zeros(round(SILENT_SECONDS * rate_hz), np.float32), rate_hz)
