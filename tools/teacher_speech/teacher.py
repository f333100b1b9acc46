"""What the verbs ask of Kokoro, and the units in which it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from tools.teacher_speech.voices import Voice

SAMPLE_RATE = 24000
DURATION_SAMPLES = 600  # unit of the durations
CONTOUR_SAMPLES = 300  # hop of F0 and energy
PHONES = (3, 400)  # least and most phones of a clip; Kokoro hurries through longer ones


@dataclass(frozen=True)
class Prosody:
    """Rhythm and melody of one clip.

    Args:
        durations: (phones + 2,) int, frames of `DURATION_SAMPLES`: the silence before the first
            phone, each phone, the silence after the last.
        f0: (2 * sum of durations,) float32, Hz, a frame each `CONTOUR_SAMPLES`; near 0 where
            unvoiced, with a slope of some frames between.
        energy: The same frames, float32, the teacher's own normalized log-energy.
    """

    durations: np.ndarray
    f0: np.ndarray
    energy: np.ndarray


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
