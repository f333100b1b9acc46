"""Verb `voices`: Kokoro's voice files in one archive; and the voices that are made of them.

A pack is (510, 256) numbers: row n - 1 is the style of a sentence of n phones, columns 0 to 127 its
timbre, 128 to 255 its prosody. A blend is the weighted mean of two packs, named `a+b_50`. A crossing
`a~b` has the timbre of a and the prosody of b.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TIMBRE = 128  # columns of a pack that hold timbre; the rest holds prosody
PREFIXES = ("af", "am", "bf", "bm")  # American and British, female and male
WHISPERED = "af_nicole"
SHARES = (0.35, 0.5, 0.65)
SPEEDS = (0.85, 1.12)  # over 1 is faster than the teacher's own pace


@dataclass(frozen=True)
class Voice:
    """How one clip is spoken.

    Args:
        speaker: Name of the voice: a pack, a blend or a crossing.
        pack: (rows, 256) float32 styles by number of phones.
        speed: Durations are divided by it.
    """

    speaker: str
    pack: np.ndarray
    speed: float

    @property
    def style(self) -> str:
        """Name of the prosody: that of the second pack in a crossing, else the speaker's."""
        return self.speaker.split("~")[-1]

    @property
    def british(self) -> bool:
        """Whether texts are read with British pronunciations."""
        return self.speaker[0] == "b"

    @property
    def language(self) -> str:
        """Language tag of the manifest."""
        return "en-GB" if self.british else "en-US"

    def row(self, phones: int) -> np.ndarray:
        """Style of a sentence of so many phones; (1, 256) float32."""
        return self.pack[min(phones, len(self.pack)) - 1][None].astype(np.float32)


def load_packs(path: Path) -> dict[str, np.ndarray]:
    """Packs by name, float32, in the file's order, on which the choice of voices depends."""
    with np.load(path) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def choose(packs: dict[str, np.ndarray], key: list[int]) -> Voice:
    """Voice and speed of the clip with this key: a pack, a blend or a crossing, a third each.

    Args:
        packs: What `load_packs` returns.
        key: Seed, round and number; the choice is a function of it and of the packs.

    Raises:
        ValueError: If there are not two English packs of one accent.
    """
    random = np.random.default_rng(key)
    names = [name for name in packs if name[:2] in PREFIXES and name != WHISPERED]
    if not names:
        raise ValueError(f"expected English packs named {'_*, '.join(PREFIXES)}_*, found none")
    first = str(random.choice(names))
    kind = random.integers(3)
    speaker, pack = first, packs[first]
    if kind > 0:
        second = str(random.choice([n for n in names if n != first and n[0] == first[0]]))
        if kind == 1:
            share = float(random.choice(SHARES))
            speaker = f"{first}+{second}_{round(100 * share)}"
            pack = share * packs[first] + (1 - share) * packs[second]
        else:
            speaker = f"{first}~{second}"
            pack = np.concatenate([packs[first][:, :TIMBRE], packs[second][:, TIMBRE:]], axis=1)
    return Voice(speaker, pack, float(random.uniform(*SPEEDS)))


def collect(folder: Path) -> dict[str, np.ndarray]:
    """Packs of a folder of `*.pt` files, one tensor (510, 1, 256) each, as float16 (510, 256).

    Raises:
        ValueError: If the folder has no such file, or a tensor has another shape.
    """
    import torch  # noqa: PLC0415  (needed for this alone)

    packs = {}
    for path in sorted(folder.glob("*.pt")):
        pack = torch.load(path, map_location="cpu", weights_only=True).squeeze().numpy()
        if pack.ndim != 2 or pack.shape[1] != 2 * TIMBRE:
            raise ValueError(f"{path}: expected styles of {2 * TIMBRE}, found {pack.shape}")
        packs[path.stem] = pack.astype(np.float16)
    if not packs:
        raise ValueError(f"{folder} has no *.pt")
    return packs


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.teacher_speech voices",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("folder", type=Path,
                        help="`voices` of the repository hexgrad/Kokoro-82M")  # fmt: skip
    parser.add_argument("--to", type=Path, default=Path("voices.npz"))
    options = parser.parse_args(arguments)
    packs = collect(options.folder)
    np.savez_compressed(options.to, **packs)
    print(f"{options.to}: {len(packs)} voices")
