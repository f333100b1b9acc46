"""Load damaged copies of a model file: each must load or raise ModelFileError, and none may crash or speak NaN.

    python tests/fuzz/mutate_model.py tests/golden/v1-q8.bin --trials 500
    python tests/fuzz/mutate_model.py tests/golden/v2-q8.bin --seconds 60

Most changes fall on the header, where they matter; half of the copies that load speak. The goldens have no
checksums, which would keep damage from going deeper. A crash ends this process; the last copy is kept.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import muspeaker
from muspeaker import _core

TEXT = "bdk ptɡ"  # phones of the tiny model
SPOKEN_SHARE = 0.5
TENSORS_SHARE = 0.3


def mutate(whole: bytes, rng: np.random.Generator, header_bytes: int) -> bytes:
    """One of: cut off, some bytes replaced, a run of bytes removed, a 64-bit field made extreme.

    A third has only bytes of the tensors replaced, and loads.
    """
    if rng.random() < TENSORS_SHARE:
        changed = bytearray(whole)
        for near in rng.integers(header_bytes, len(whole), size=rng.integers(1, 50)):
            changed[near] = int(rng.integers(256))
        return bytes(changed)
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


def speak(path: Path, voice: muspeaker.Voice) -> str:
    """Speak with a model that loaded; says what came of it."""
    try:
        samples = muspeaker.load(path, num_threads=1).synthesize(TEXT, voice, phonemes=True).samples
    except (RuntimeError, ValueError) as error:
        return f"spoke not: {type(error).__name__}"
    assert np.isfinite(samples).all()
    return "spoke"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument(
        "--trials", type=int, help="number of copies; default: until the time is over"
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    whole = options.model.read_bytes()
    header_bytes = min(len(whole), 32768)
    rng = np.random.default_rng(options.seed)
    prompt = rng.normal(size=40000).astype(np.float32) / 10
    warnings.simplefilter("ignore")
    voice = muspeaker.load(options.model, num_threads=1).clone((prompt, 20000))
    outcomes: collections.Counter[str] = collections.Counter()
    copy = Path(tempfile.gettempdir()) / f"mutated-{options.seed}.bin"
    end = time.monotonic() + options.seconds
    trial = 0
    while trial < options.trials if options.trials else time.monotonic() < end:
        trial += 1
        copy.write_bytes(mutate(whole, rng, header_bytes))
        try:
            _core.Synthesizer(str(copy), 1)
            outcomes["loaded"] += 1
        except _core.ModelFileError as error:
            outcomes[" ".join(str(error).replace(str(copy), "").split()[:4])] += 1
            continue
        if rng.random() < SPOKEN_SHARE:
            outcomes[speak(copy, voice)] += 1
    copy.unlink()
    for text, count in outcomes.most_common():
        print(f"{count:6d}  {text}")  # noqa: T201


if __name__ == "__main__":
    main()
