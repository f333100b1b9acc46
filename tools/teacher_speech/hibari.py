"""Verb `hibari`: speech of one voice by hibari-tts, with its phones and durations.

The voice is `heart`, the one in the package, American and female. It speaks a hundred times faster
than Kokoro, from which it was distilled. Clips and table are laid out as those of `speak`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tools.teacher_speech.speech import (
    Speech,
    add_arguments,
    add_format,
    make_speech,
    order_of,
    table_of,
)
from tools.teacher_speech.voices import SPEEDS

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = "hibari"
SPEAKER = "hibari_heart"


class Teacher(Protocol):
    """What is asked of `Heart` here."""

    def speak(self, text: str, speed: float, seed: int) -> tuple[np.ndarray, str, list[int]]:
        """Samples, phones and durations; ValueError if the text cannot be spoken."""


def speaker(teacher: Teacher) -> Callable[[str, list[int]], Speech]:
    """What `make_speech` asks to speak a text: the key of a clip chooses its speed."""

    def say(text: str, key: list[int]) -> Speech:
        random = np.random.default_rng(key)
        speed, seed = float(random.uniform(*SPEEDS)), int(random.integers(2**31))
        samples, phones, durations = teacher.speak(text, speed, seed)
        return Speech(SPEAKER, "F", "en-US", samples, phones, durations)

    return say


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.teacher_speech hibari",
                                     description=__doc__)  # fmt: skip
    add_arguments(parser, hours=20.0)
    add_format(parser, "flac")
    options = parser.parse_args(arguments)
    from tools.teacher_speech.heart import Heart  # noqa: PLC0415  (the extra `teacher`)

    order = order_of(options, SOURCE)
    seconds = make_speech(options.out, order, 3600 * options.hours, speaker(Heart()))
    print(f"{table_of(options.out, order.shard)}: {seconds / 3600:.2f} h")
