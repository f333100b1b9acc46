"""What is measured: some sentences, between two marks. Runs under QEMU, in the Python of ARM.

It prints a JSON object: seconds of speech, where each library lies in memory, and how much is resident.
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


def resident_bytes() -> int:
    """Memory of the program itself that is resident, without QEMU's own.

    QEMU shows the program its own maps in `maps`, and the whole process in `smaps`, at the same addresses.
    """
    own = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = line.split(maxsplit=1)[0].split("-")
        own.append((int(start, 16), int(end, 16)))
    total = 0
    is_own = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if "-" in first and not first.endswith(":"):
            start = int(first.partition("-")[0], 16)
            is_own = any(low <= start < high for low, high in own)
        elif first == "Rss:" and is_own:
            total += 1024 * int(line.split()[1])
    return total


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
    told = {"seconds": seconds, "libraries": libraries(), "resident_bytes": resident_bytes()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
