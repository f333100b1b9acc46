"""What one worker does: speak a text, and encode it as the file that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muspeaker.options import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from muspeaker.batch.jobs import Job
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


@dataclass(frozen=True)
class Spoken:
    """A finished file.

    Attributes:
        sound: The bytes of the file.
        seconds: Duration of the speech.
    """

    sound: bytes
    seconds: float


@dataclass(frozen=True)
class Refusal:
    """Why a text was not spoken."""

    reason: str


@dataclass(frozen=True)
class Manner:
    """What is the same for all jobs.

    Attributes:
        voices: Every voice that a job names, and the one of those that name none, by None.
        options: Options of `Synthesizer.synthesize`, which those of a job stand before.
        suffix: Format of the files.
        bit_rate: Bits a second, where the format has them.
    """

    voices: Mapping[str | None, Voice]
    options: Mapping[str, Any]
    suffix: str
    bit_rate: int | None = None

    def options_of(self, job: Job) -> dict[str, Any]:
        """The options of one job, with the voice whose manner is taken."""
        options = {**self.options, **job.options}
        style = options.get("style")
        if isinstance(style, str) and style not in STYLES:
            options["style"] = self.voices[style]
        return options


class JobSpeaker:
    """Speaks jobs one after the other, on one thread.

    Args:
        tts: Loaded model.
        manner: What is the same for all jobs.
    """

    def __init__(self, tts: Synthesizer, manner: Manner) -> None:
        self._tts = tts
        self._manner = manner

    @classmethod
    def load(cls, model: Path | None, fingerprint: str, manner: Manner) -> JobSpeaker:
        """A speaker with a model of its own, read from the same file as elsewhere.

        Raises:
            ValueError: If the file holds another model than where the jobs come from.
        """
        from muspeaker.loading import load  # noqa: PLC0415 (in another process than the caller's)

        tts = load(model, num_threads=1)
        if tts.fingerprint != fingerprint:
            raise ValueError(
                f"the model here is {tts.fingerprint}, and where the jobs come from {fingerprint}"
            )
        return cls(tts, manner)

    def speak(self, job: Job) -> Spoken | Refusal:
        """Speak one job. What is wrong with it is an answer, not an error."""
        try:
            voice = self._manner.voices[job.voice]
            audio = self._tts.synthesize(job.text, voice, **self._manner.options_of(job))
            sound = audio.encode(self._manner.suffix, bit_rate=self._manner.bit_rate)
        except Exception as error:  # noqa: BLE001 (whatever it is, the other jobs go on)
            return Refusal(str(error) or type(error).__name__)
        return Spoken(sound, audio.duration)
