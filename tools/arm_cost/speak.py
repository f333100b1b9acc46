"""What is measured: some sentences, between two marks. Runs under QEMU, in the Python of ARM.

It prints a JSON object: seconds of speech, and where each library lies in memory.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path

import muspeaker

BEGIN, END = 7001, 7002  # as in count_blocks.c
TEXTS = (
    "The ferry leaves the harbour at ten past seven, and it takes an hour to the island.",
    "She asked whether anyone had seen the blue umbrella that was left in the hall.",
    "Rain is expected in the north tomorrow, with some sunshine along the coast.",
)


def libraries() -> dict[str, int]:
    """First address of each file that is mapped."""
    found: dict[str, int] = {}
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].startswith("/"):
            start = int(fields[0].partition("-")[0], 16) - int(fields[2], 16)
            found.setdefault(fields[5].strip(), start)
    return found


def main() -> None:
    """Speak once to warm up, then between the marks."""
    tts = muspeaker.load(num_threads=1)
    system = ctypes.CDLL(None)
    for text in TEXTS:
        tts.synthesize(text)
    system.getpriority(BEGIN, 0)
    seconds = sum(tts.synthesize(text, seed=1).duration for text in TEXTS)
    system.getpriority(END, 0)
    json.dump({"seconds": seconds, "libraries": libraries()}, sys.stdout)


if __name__ == "__main__":
    main()
