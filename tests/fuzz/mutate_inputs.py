"""Give damaged voices, recordings and odd texts to the library: each must work or raise a documented error.

    python tests/fuzz/mutate_inputs.py --seconds 60

Voices get their checksum mended, so that what lies behind it is reached. A crash, a hang or another exception ends
this process; its input is kept in the temporary folder and named. The seeds in tests/fuzz/seeds, which once did harm,
come first: put there what is found.
"""

from __future__ import annotations

import argparse
import collections
import io
import json
import struct
import tempfile
import time
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

import muspeaker
from muspeaker.text.passages import Reading, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTED = (OSError, RuntimeError, TypeError, ValueError)
PREAMBLE_BYTES = 20  # of a voice file
SEEDS = Path(__file__).parent / "seeds"
SPOKEN_SHARE = 0.2  # of the voices that load: the rest is left at that, for speed
FORMATS = ("WAV", "FLAC", "OGG", "AIFF", "MP3", "AU", "CAF", "W64")
ALPHABET = [
    *"aeT .,?!:;-0123456789$%&/()[]'\"\n\t_",
    *(
        "\u0301",
        "\u200b",
        "\ufdfa",
        "\ufb03",
        "\u00bd",
        "\ud800",
        "\U0001f600",
        "é",
        "ß",
        "你",
        "ا",
    ),
    *(
        "Dr. ",
        "1,000,000 ",
        "12/31/1999 ",
        "3:45 ",
        "[pause 0.5s]",
        "[pause ",
        "http://a.b/c ",
        "XVIII ",
    ),
]


def damaged(whole: bytes, rng: np.random.Generator, head_bytes: int) -> bytes:
    """Some bytes replaced, most of them in the head, and perhaps the end cut off."""
    data = bytearray(whole)
    for _ in range(rng.integers(1, 12)):
        limit = min(len(data), head_bytes) if rng.random() < 0.7 else len(data)
        data[rng.integers(limit)] = rng.integers(256)
    return bytes(data[: rng.integers(len(data))] if rng.random() < 0.2 else data)


class Fuzzer:
    """One input of each kind after the other."""

    def __init__(self, rng: np.random.Generator, folder: Path) -> None:
        self.rng = rng
        self.tts = muspeaker.load(num_threads=1)
        self.voice = muspeaker.Voice.builtin()
        self.folder = folder
        self.last = folder / "last"
        self.voice.save(folder / "whole.voice")
        self.whole = (folder / "whole.voice").read_bytes()
        samples = self.tts.synthesize("The birch canoe slid on the smooth planks.", self.voice)
        self.recordings = [self.encoded(samples.samples, name) for name in FORMATS]
        config = self.tts._speech.config
        self.reading = Reading(symbols=config.symbols, language=config.languages[0])

    def encoded(self, samples: np.ndarray, name: str) -> bytes:
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, self.tts.sample_rate, format=name)
        return buffer.getvalue()

    def a_voice(self) -> None:
        body = damaged(self.whole[PREAMBLE_BYTES:], self.rng, 400)
        magic, version, size, _ = struct.unpack_from("<8sIII", self.whole)
        self.try_voice(struct.pack("<8sIII", magic, version, size, zlib.crc32(body)) + body)

    def try_voice(self, data: bytes) -> None:
        path = self.last.with_suffix(".voice")
        path.write_bytes(data)
        voice = muspeaker.Voice.load(path)
        json.dumps(voice.name).encode()
        if self.rng.random() < SPOKEN_SHARE:
            samples = self.tts.synthesize("Yes.", voice).samples
            assert np.isfinite(samples).all()

    def a_recording(self) -> None:
        whole = self.recordings[self.rng.integers(len(self.recordings))]
        self.try_recording(damaged(whole, self.rng, 200))

    def try_recording(self, data: bytes) -> None:
        path = self.last.with_suffix(".sound")
        path.write_bytes(data)
        voice = self.tts.clone(path)
        assert np.isfinite(voice.vector).all()

    def a_text(self) -> None:
        runs = [
            ALPHABET[self.rng.integers(len(ALPHABET))] * int(self.rng.choice([1, 1, 1, 2, 50]))
            for _ in range(self.rng.integers(1, 40))
        ]
        self.try_text("".join(runs).encode("utf-8", "surrogatepass"))

    def try_text(self, data: bytes) -> None:
        self.last.with_suffix(".txt").write_bytes(data)
        text = data.decode("utf-8", "surrogatepass")
        for passage in read_text(text, self.reading):
            assert len(passage.tokens.phones) > 0

    def try_seeds(self) -> int:
        """All that was kept; returns how many there are."""
        kinds = {".voice": self.try_voice, ".sound": self.try_recording, ".txt": self.try_text}
        seeds = sorted(SEEDS.iterdir())
        for seed in seeds:
            with suppress(*DOCUMENTED):
                kinds[seed.suffix](seed.read_bytes())
        return len(seeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="muspeaker-fuzz-"))
    fuzzer = Fuzzer(np.random.default_rng(options.seed), folder)
    kinds: list[Callable[[], None]] = [fuzzer.a_voice, fuzzer.a_recording, fuzzer.a_text]
    outcomes: collections.Counter[str] = collections.Counter()
    print(f"the last inputs are in {folder}", flush=True)  # noqa: T201
    print(f"{fuzzer.try_seeds():7} seeds")  # noqa: T201
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        for kind in kinds:
            try:
                kind()
                outcomes[f"{kind.__name__} works"] += 1
            except DOCUMENTED as error:
                outcomes[f"{kind.__name__}: {type(error).__name__}"] += 1
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:7} {outcome}")  # noqa: T201


if __name__ == "__main__":
    main()
