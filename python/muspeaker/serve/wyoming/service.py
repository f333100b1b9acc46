"""State that all connections of a Wyoming server share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

import muspeaker
from muspeaker.options import STYLES, checked_options
from muspeaker.serve.replies import stream_reply
from muspeaker.serve.wyoming.connections import Connections
from muspeaker.stream import SILENCE_BEFORE_FRAMES
from muspeaker.text.sentences import SENTENCE_PAUSE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Unpack

    from muspeaker.options import OptionFields
    from muspeaker.serve.voice_folder import VoiceFolder
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

_PROJECT = Attribution(name="muspeaker", url="https://arxiv.org/abs/2501.08566")


class WyomingService:
    """State that all connections share: the model, its voices, their number, and whose turn it is.

    Clients take turns piece by piece, first come first served, so that a long text of one does
    not hold up the others.

    Args:
        tts: Model that speaks.
        voices: Voices that clients may ask for.
        options: Keywords of `Synthesizer.synthesize`, for every request; a style that is no name of `STYLES`
            is the name of one of the voices.

    Raises:
        TypeError: If an option is unknown or of another type.
        ValueError: If one is out of its range, or there is no voice of the style's name.
    """

    def __init__(
        self, tts: Synthesizer, voices: VoiceFolder, **options: Unpack[OptionFields]
    ) -> None:
        style = options.get("style")
        if isinstance(style, str) and style not in STYLES:
            options["style"] = voices.get(style)
        checked_options(options)
        self.tts = tts
        self.voices = voices
        self.connections = Connections()
        hops = SILENCE_BEFORE_FRAMES * int(tts.config["audio.hop_samples"])
        self.lead_seconds = hops / tts.sample_rate  # of silence, with which every utterance begins
        self._options = options
        self._turn = asyncio.Lock()

    def info(self) -> Info:
        """The answer to `describe`."""
        listed = [
            TtsVoice(
                name=name,
                attribution=_PROJECT,
                installed=True,
                description=voice.name or name,
                version=None,
                languages=self._languages_of(voice),
                speakers=[TtsVoiceSpeaker(style) for style in STYLES],
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

    def _languages_of(self, voice: Voice) -> list[str]:
        """Those of the model, the voice's own first."""
        own = [voice.language] if voice.language else []
        return [_bcp47(language) for language in dict.fromkeys([*own, *self.tts.languages])]

    def pause_factor(self, asked: OptionFields) -> float:
        """Length of the pauses of a request, relative to those of plain speech."""
        chosen = checked_options({**self._options, **asked})
        return 1 / chosen.pace if chosen.pause is None else chosen.pause / SENTENCE_PAUSE_SECONDS

    async def speak(self, text: str, voice: Voice, asked: OptionFields) -> AsyncGenerator[Audio]:
        """Speak a text, each piece in turn with those of other clients; `asked` goes before the server's options."""
        options = {**self._options, **asked}
        stream = await asyncio.to_thread(stream_reply, self.tts, text, voice, **options)
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
