"""What the English front end costs: time and memory to load, and time for a word.

python -m tools.reader_cost texts.txt

Times are of the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np


def resident_bytes() -> int:
    """Memory of this process that is not shared files, and that which is."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, help="one sentence a line")
    options = parser.parse_args()
    lines = options.texts.read_text("utf-8").splitlines()
    np.zeros(1)
    memory, start = resident_bytes(), time.process_time()
    # Here, because the time of this import is measured.
    from muspeaker.text.english.tokens import english_tokens, shared_reader  # noqa: PLC0415

    imported = time.process_time()
    reader = shared_reader("us")
    loaded = time.process_time()
    print(f"import {(imported - start) * 1e3:.1f} ms, load {(loaded - imported) * 1e3:.1f} ms")
    print(f"memory after load: {(resident_bytes() - memory) / 2**20:.1f} MB")
    reader(["blorptastic"])
    unknown = time.process_time()
    print(f"first unknown word: {(unknown - loaded) * 1e3:.1f} ms")
    for name in ("once", "again"):
        start = time.process_time()
        words = sum(len(english_tokens(line, "us").words) for line in lines)
        spent = time.process_time() - start
        print(f"{name}: {spent / words * 1e6:.0f} us a word, {words} words")
    print(f"memory after {len(lines)} sentences: {(resident_bytes() - memory) / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
