"""What the verbs ask of Kokoro, and the units in which it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from muspeaker.train.corpus.prosody import Prosody
    from tools.teacher_speech.voices import Voice

SAMPLE_RATE = 24000
PHONES = (3, 400)  # least and most phones of a clip; Kokoro hurries through longer ones


class Teacher(Protocol):
    """Text to phones, phones to speech, phones to prosody."""

    def phones(self, text: str, *, british: bool) -> str:
        """Misaki's phones of a text, one character each, stress and spaces among them.

        Raises:
            ValueError: If there are fewer or more than a clip may have.
        """

    def speak(self, phones: str, voice: Voice) -> tuple[np.ndarray, list[int]]:
        """Samples (samples,) float32 at `SAMPLE_RATE`, and the durations of phones and silences."""

    def prosody(self, phones: str, voice: Voice) -> Prosody:
        """What `speak` would speak, without speaking it."""
