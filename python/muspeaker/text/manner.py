"""How a stretch of a text is spoken, beside the options of the whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """Changes to the options of speech.

    Attributes:
        speed: Factor on the rate of speech.
        pitch: Semitones added.
        volume: Factor on the gain.
    """

    speed: float = 1.0
    pitch: float = 0.0
    volume: float = 1.0

    def within(self, outer: Manner) -> Manner:
        """This manner inside of another one."""
        return Manner(
            self.speed * outer.speed, self.pitch + outer.pitch, self.volume * outer.volume
        )


PLAIN = Manner()
