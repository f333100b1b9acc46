"""Stage: write the model file that the engine reads, from a checkpoint such as that of `export`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from muspeaker.train.convert_weights import convert
from muspeaker.train.convert_weights.checkpoint import read_checkpoint, read_timbre_checkpoint
from muspeaker.train.loop.options import argument, option, parse

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ConvertOptions:
    """The command line of the stage."""

    checkpoint: Path = argument("checkpoint by `muspeaker-train export`, or .safetensors")
    out: Path = option(Path("q8.bin"), "model file to write")
    type: Literal["f32", "f16", "q8"] = option("q8", "type of the weights; q8 is the smallest")
    timbre: Path | None = option(None, "public full-size ERes2NetV2, replaces the timbre encoder")


def main(arguments: list[str] | None = None) -> None:
    """Command line of the stage."""
    options = parse(ConvertOptions, arguments, "muspeaker-train convert", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    timbre = read_timbre_checkpoint(options.timbre) if options.timbre else None
    convert(read_checkpoint(options.checkpoint), options.out, options.type, timbre)
    log.info("%s: %.2f MB, %s", options.out, options.out.stat().st_size / 1e6, options.type)


if __name__ == "__main__":
    main()
