"""The shortest way to speech: no model to load, no voice to find."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from muspeaker.loading import load

if TYPE_CHECKING:
    from typing import Unpack

    from muspeaker.options import OptionFields
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice_like import VoiceLike

_lock = threading.Lock()
_loaded: list[Synthesizer] = []


def say(text: str, voice: VoiceLike | None = None, **options: Unpack[OptionFields]) -> Audio:
    """Speak a text with the model that ships, which is loaded once.

    `muspeaker.say("Hello.").play()` is heard, `muspeaker.say("Hello.").save("hello.wav")` is kept.

    Args:
        text: As for `Synthesizer.synthesize`.
        voice: Likewise: a Voice, a name, a path, a recording; None is the default voice.
        options: Likewise.
    """
    with _lock:
        if not _loaded:
            _loaded.append(load())
    return _loaded[0].synthesize(text, voice, **options)
