"""Where sounds begin in teacher speech, against the durations that its tokens get.

python -m tools.teacher_edges manifest.tsv

Reads the manifest of tools.teacher_speech, merges the durations as training does (`tokens_of_misaki`) and looks for edges
that are sharp in the signal: s and sh next to vowels by the share of energy above 3.5 kHz, pauses by silence 30 dB
below the loud frames. Prints how much later each lies than its place in the durations, in frames of 25 ms.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from muspeaker.text.misaki_tokens import tokens_of_misaki
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, VOWELS

FRAME_SAMPLES = 600
STEP_SAMPLES = FRAME_SAMPLES // 4
WINDOW_SAMPLES = 512
SPLIT_HZ = (100.0, 3000.0, 3500.0)
QUIET_DB = 30.0
MAX_WRONG = 3  # steps of a sound that the best edge may leave on the wrong side
MIN_PAUSE_FRAMES = 4.0
HISSES = frozenset("sʃ")


def spectrum(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether each step hisses, and its level in dB."""
    padded = np.pad(samples, WINDOW_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::STEP_SAMPLES]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW_SAMPLES))) ** 2
    hz = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / rate)
    low = power[:, (hz > SPLIT_HZ[0]) & (hz < SPLIT_HZ[1])].sum(1)
    high = power[:, hz > SPLIT_HZ[2]].sum(1)
    return high > low, 10 * np.log10(power.sum(1) + 1e-9)


def edge(is_before: np.ndarray) -> int | None:
    """The step that best parts true from false, or None if there is no clear one."""
    wrong = [(~is_before[:t]).sum() + is_before[t:].sum() for t in range(len(is_before) + 1)]
    best = int(np.argmin(wrong))
    return best if wrong[best] <= MAX_WRONG else None


def offsets(row: dict[str, str], folder: Path, found: dict[str, list[float]]) -> None:
    """Add the offsets of one clip, in frames."""
    tokens, durations = tokens_of_misaki(row["phones"], [int(d) for d in row["durations"].split()])
    samples, rate = soundfile.read(folder / row["path"])
    hisses, level = spectrum(samples, rate)
    quiet = level < np.percentile(level, 95) - QUIET_DB
    steps = FRAME_SAMPLES // STEP_SAMPLES
    ends = np.cumsum(durations)
    names = [MISAKI_SYMBOLS[index] for index in tokens.phones]
    for index in range(1, len(names) - 1):
        before, after = names[index - 1], names[index]
        place = ends[index - 1]
        first = int(steps * (ends[index - 2] if index > 1 else 0))
        part = slice(first, int(steps * ends[index]))
        if (before in HISSES and after in VOWELS) or (before in VOWELS and after in HISSES):
            at = edge(hisses[part] == (before in HISSES))
            if at is not None:
                kind = "hiss to vowel" if before in HISSES else "vowel to hiss"
                found[f"{kind}, {row['language']}"].append((at + first) / steps - place)
        silent = np.flatnonzero(quiet[part])
        is_pause = tokens.boundaries[index] == 2
        if is_pause and len(silent) and ends[index] - place > MIN_PAUSE_FRAMES:
            found["pause begins"].append((silent[0] + first) / steps - place)
            if index < len(names) - 2:
                found["pause ends"].append((silent[-1] + 1 + first) / steps - ends[index])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    options = parser.parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    with options.manifest.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows[: options.clips]:
        offsets(row, options.manifest.parent, found)
    print("                          number  10 %  median  90 %")
    for kind, values in sorted(found.items()):
        low, middle, high = np.percentile(values, [10, 50, 90])
        print(f"{kind:25} {len(values):6d}  {low:5.2f}  {middle:5.2f}  {high:5.2f}")


if __name__ == "__main__":
    main()
