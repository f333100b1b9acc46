"""`python -m tools.convert_weights CHECKPOINT -o model.bin --type q8`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.convert_weights import WEIGHT_TYPES, convert
from tools.convert_weights.checkpoint import read_checkpoint, read_timbre_checkpoint


def main() -> int:
    """Convert one checkpoint; 0 when it is written, 1 with a reason when not."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.convert_weights", description="PyTorch checkpoint to model file"
    )
    parser.add_argument("checkpoint", type=Path, help="torch.save file or .safetensors")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    parser.add_argument("--type", choices=WEIGHT_TYPES, default="q8", dest="weight_type")
    parser.add_argument(
        "--timbre", type=Path, help="public full-size ERes2NetV2, replaces the timbre encoder"
    )
    options = parser.parse_args()
    try:
        timbre = read_timbre_checkpoint(options.timbre) if options.timbre else None
        convert(read_checkpoint(options.checkpoint), options.output, options.weight_type, timbre)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB, {options.weight_type}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
