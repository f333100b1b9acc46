"""Give a model file the checksums that files written before them lack; header values and tensors stay as they are.

python -m tools.add_checksums python/muspeaker/models/lite-q8.bin
"""

from __future__ import annotations

import argparse
from pathlib import Path

from muspeaker.quantize import add_checksums


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model file, which is replaced")
    options = parser.parse_args(arguments)
    add_checksums(options.model, options.model)
    print(f"{options.model}: {options.model.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
