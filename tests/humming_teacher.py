"""A teacher who hums, and what the tests have it say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.train.corpus.prosody import Prosody
from tools.teacher_speech import prosody, speak
from tools.teacher_speech.speech import Order, make_speech, read_table, table_of

if TYPE_CHECKING:
    from pathlib import Path

    from tools.teacher_speech.voices import Voice

PACKS = {
    name: np.full((6, 256), value, np.float32)
    for value, name in enumerate(("af_a", "af_b", "af_nicole", "am_c", "bf_d", "bm_e", "zf_f"), 1)
}
TEXTS = ["A small house.", "The river was wide.", "??", "It rained.", "Nobody came, at first."]
HOUR = 3600


class Hummer:
    """Speaks letters, each as long as the style and the speed say, and counts how often it did."""

    def __init__(self) -> None:
        self.spoken = self.read = 0

    def phones(self, text: str, *, british: bool) -> str:
        phones = re.sub(r"[^a-z ]", "", text.lower())
        if len(phones) < 3:
            raise ValueError("too short")
        return phones.replace("r", "") if british else phones

    def durations(self, phones: str, voice: Voice) -> list[int]:
        style = voice.row(len(phones))[0, -1]
        return [4, *(int(1 + (ord(c) + style) % 3 + voice.speed) for c in phones), 3]

    def speak(self, phones: str, voice: Voice) -> tuple[np.ndarray, list[int]]:
        self.spoken += 1
        durations = self.durations(phones, voice)
        return np.sin(np.arange(600 * sum(durations), dtype=np.float32) / 20) * 2, durations

    def prosody(self, phones: str, voice: Voice) -> Prosody:
        self.read += 1
        durations = np.array(self.durations(phones, voice))
        frames = np.arange(2 * durations.sum(), dtype=np.float32)
        return Prosody(durations, 100 + frames, -frames / 8)


def order(shard: tuple[int, int] = (0, 1), **changes: object) -> Order:
    return Order(**{"source": "kokoro", "texts": TEXTS, "held_out": set(), "seed": 0,
                    "shard": shard, "suffix": "flac", **changes})  # fmt: skip


def hum(folder: Path, seconds: float, **changes: object) -> list[dict[str, str]]:
    wanted = order(**changes)
    make_speech(folder, wanted, seconds, speak.speaker(Hummer(), PACKS))
    return read_table(table_of(folder, wanted.shard))


def sources(texts: list[str] = TEXTS, held_out: frozenset[str] = frozenset()) -> prosody.Sources:
    return prosody.Sources(texts, set(held_out), PACKS, 3, 0)


def blocks(folder: Path, count: int, teacher: Hummer, shard: tuple[int, int] = (0, 1)) -> float:
    folder.mkdir(exist_ok=True)
    made = prosody.make_blocks(folder, teacher, sources(), 7, shard)
    return sum(next(made) for _ in range(count))
