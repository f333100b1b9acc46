"""State that all connections of a Wyoming server share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

import muspeaker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from muspeaker.serve.voice_folder import VoiceFolder
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

_PROJECT = Attribution(name="muspeaker", url="https://arxiv.org/abs/2501.08566")


class WyomingService:
    """State that all connections share: the model, its voices, and whose turn it is.

    Clients take turns piece by piece, first come first served, so that a long text of one does
    not hold up the others.

    Args:
        tts: Model that speaks.
        voices: Voices that clients may ask for.
        speed: Speed of every request.
    """

    def __init__(self, tts: Synthesizer, voices: VoiceFolder, *, speed: float = 1.0) -> None:
        self.tts = tts
        self.voices = voices
        self.speed = speed
        self._turn = asyncio.Lock()

    def info(self) -> Info:
        """The answer to `describe`."""
        languages = [_bcp47(language) for language in self.tts.languages]
        listed = [
            TtsVoice(
                name=name,
                attribution=_PROJECT,
                installed=True,
                description=voice.name or name,
                version=None,
                languages=languages,
            )
            for name, voice in self.voices.voices().items()
        ]
        program = TtsProgram(
            name="muspeaker",
            attribution=_PROJECT,
            installed=True,
            description="Zero-shot text to speech",
            version=muspeaker.__version__,
            voices=listed,
            supports_synthesize_streaming=True,
        )
        return Info(tts=[program])

    async def speak(self, text: str, voice: Voice, language: str | None) -> AsyncGenerator[Audio]:
        """Speak a text, each piece in turn with those of other clients."""
        stream = await asyncio.to_thread(
            self.tts.stream, text, voice, speed=self.speed, language=language
        )
        try:
            while True:
                async with self._turn:
                    audio = await asyncio.to_thread(next, stream, None)
                if audio is None:
                    return
                yield audio
        finally:
            stream.close()


def _bcp47(language: str) -> str:
    """The tag of espeak-ng as others spell it: en-us to en-US."""
    first, *rest = language.split("-")
    return "-".join([first, *(part.upper() if len(part) == 2 else part for part in rest)])
