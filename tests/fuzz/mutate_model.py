"""Load damaged copies of a model file: each must load or raise ModelFileError, and none may crash.

    python tests/fuzz/mutate_model.py tests/golden/v1-q8.bin --trials 500

Most changes fall on the header, where they matter. A crash ends this process; the last copy is kept.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
from pathlib import Path

import numpy as np

from muspeaker import _core


def mutate(whole: bytes, rng: np.random.Generator, header_bytes: int) -> bytes:
    """One of: cut off, some bytes replaced, a run of bytes removed, a 64-bit field made extreme."""
    kind = rng.integers(4)
    place = int(rng.integers(header_bytes if rng.random() < 0.9 else len(whole)))
    if kind == 0:
        return whole[: place // 64 * 64]
    if kind == 1:
        changed = bytearray(whole)
        for near in rng.integers(max(0, place - 32), place + 1, size=rng.integers(1, 5)):
            changed[near] = int(rng.integers(256))
        return bytes(changed)
    if kind == 2:
        return whole[:place] + whole[place + int(rng.integers(1, 64)) :]
    extreme = rng.choice(np.array([0, 1, 2**31, 2**32, 2**62, 2**64 - 1], dtype=np.uint64))
    return whole[:place] + extreme.tobytes() + whole[place + 8 :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    whole = options.model.read_bytes()
    header_bytes = min(len(whole), 32768)
    rng = np.random.default_rng(options.seed)
    outcomes: collections.Counter[str] = collections.Counter()
    copy = Path(tempfile.gettempdir()) / f"mutated-{options.seed}.bin"
    for _ in range(options.trials):
        copy.write_bytes(mutate(whole, rng, header_bytes))
        try:
            _core.Synthesizer(str(copy), 1)
            outcomes["loaded"] += 1
        except _core.ModelFileError as error:
            outcomes[" ".join(str(error).replace(str(copy), "").split()[:4])] += 1
    copy.unlink()
    for text, count in outcomes.most_common():
        print(f"{count:6d}  {text}")  # noqa: T201


if __name__ == "__main__":
    main()
