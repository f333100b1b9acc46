"""State that every endpoint of one server shares."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fastapi import Request  # noqa: TC002 (FastAPI reads it at run time)

from muspeaker.serve.openai.errors import ApiError
from muspeaker.serve.openai.health import Health
from muspeaker.serve.openai.limits import Gate
from muspeaker.serve.openai.metrics import Metrics
from muspeaker.serve.openai.store import VoiceStore
from muspeaker.text.respelling import read_lexicon
from muspeaker.voice import Voice
from muspeaker.voice_like import blended, parse_blend

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.serve.openai.settings import Settings
    from muspeaker.serve.openai.store import StoredVoice
    from muspeaker.text.respelling import UserLexicon
    from muspeaker.tts import Synthesizer

T = TypeVar("T")

log = logging.getLogger("muspeaker.serve")

# Clients ask for these by default. A voice that a user stored under such a name takes precedence.
OPENAI_NAMES = frozenset(
    (
        "alloy",
        "ash",
        "ballad",
        "cedar",
        "coral",
        "echo",
        "fable",
        "marin",
        "nova",
        "onyx",
        "sage",
        "shimmer",
        "verse",
    )
)


@dataclass(frozen=True)
class Service:
    """State that every endpoint of one server shares.

    Attributes:
        tts: Model that speaks.
        settings: Settings of the server.
        store: Voices that users made.
        gate: Queue of requests.
        metrics: Counters.
        threads: Threads that speak, encode and read files. The event loop does none of it.
        lexicon: Words that are respelled or pronounced otherwise.
    """

    tts: Synthesizer
    settings: Settings
    store: VoiceStore
    gate: Gate
    metrics: Metrics
    threads: ThreadPoolExecutor
    lexicon: UserLexicon | None = None

    @classmethod
    def of(cls, tts: Synthesizer, settings: Settings) -> Service:
        """The parts of a new server."""
        gate = Gate(settings.max_running, settings.max_waiting)
        return cls(
            tts,
            settings,
            VoiceStore(settings.data_folder, settings.max_voices),
            gate,
            Metrics(gate),
            ThreadPoolExecutor(settings.workers, "muspeaker"),
            read_lexicon(settings.lexicon),
        )

    @cached_property
    def health(self) -> Health:
        """Whether the engine speaks."""
        return Health(self.tts, self._any_voice)

    async def in_thread(self, function: Callable[..., T], *args: Any, **keywords: Any) -> T:
        """Run a blocking function in a thread.

        A cancelled caller does not wait for it. The function is dropped if it has not begun, else it runs to its
        end, and until then no other gets its thread.
        """
        call = partial(function, *args, **keywords)
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)

    def voice(self, reference: str, param: str = "voice") -> Voice:
        """A voice by identifier or name: stored, built in, or one of OpenAI's names.

        Raises:
            ApiError: With status 404 if there is none, 409 if this model cannot speak with it.
        """
        reference = reference.encode("utf-8", "replace").decode()  # SQLite takes no lone surrogate
        voice = self._known(reference)
        if voice is None and reference.strip().casefold() in OPENAI_NAMES:
            voice = self._known(self.settings.default_voice)
        if voice is None:
            voice = self._blend(reference, param)
        if voice is None:
            message = f"no voice {reference[:100]!r}: GET /v1/audio/voices lists them"
            raise ApiError(404, message, param=param, code="voice_not_found")
        if isinstance(voice, Voice):
            return voice
        raise ApiError(409, f"voice {voice}", param=param, code="voice_unusable")

    def _blend(self, reference: str, param: str) -> Voice | None:
        """The mix that is meant by `anna(2)+bert(1)`; None if it is no blend."""
        try:
            weights = parse_blend(reference)
            if weights is None:
                return None
            return blended(weights, lambda name: self.voice(name, param), reference[:100])
        except ValueError as error:
            raise ApiError(422, str(error), param=param, code="invalid_value") from error

    def _known(self, reference: str) -> Voice | str | None:
        """A stored or built-in voice, or why it cannot be used, or None if there is none."""
        row = self.store.find(reference)
        if row is not None:
            reason = self.unusable(row)
            return f"{row.name!r} {reason}" if reason else self._loaded(row)
        name = reference.strip().casefold()
        if name not in Voice.builtin_names():
            return None
        voice = Voice.builtin(name)
        reason = self.foreign(voice.fingerprint)
        return f"{name!r} {reason}" if reason else voice

    def _any_voice(self) -> Voice | None:
        """Any voice that this model can speak with; None if there is none."""
        names = [*Voice.builtin_names(), *(row.id for row in self.store.all())]
        for name in (self.settings.default_voice, *names):
            if isinstance(voice := self._known(name), Voice):
                return voice
        return None

    def _loaded(self, row: StoredVoice) -> Voice | str:
        try:
            return self.store.load(row)
        except (OSError, ValueError) as error:
            log.warning("voice %s cannot be read: %s", row.id, error)
            return f"{row.name!r} cannot be read from its file: clone it again"

    def foreign(self, fingerprint: str) -> str | None:
        """Reason why this model cannot use a voice of the model with a fingerprint; None if it can."""
        if fingerprint == self.tts.fingerprint:
            return None
        return f"was made by model {fingerprint}, this is {self.tts.fingerprint}: clone it again"

    def unusable(self, row: StoredVoice) -> str | None:
        """Reason why this model cannot use a stored voice; None if it can."""
        if reason := self.foreign(row.fingerprint):
            return reason
        return None if self.store.has_file(row) else "has lost its file: clone it again"


def service_of(request: Request) -> Service:
    """The service of the app that answers a request."""
    return cast("Service", request.app.state.service)
