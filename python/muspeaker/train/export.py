"""Stage: join the averaged weights of all stages into one checkpoint for `tools.convert_weights`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from muspeaker.config import ModelConfig, lite
from muspeaker.model.muspeaker import MuSpeaker
from muspeaker.train.checkpoint import load_checkpoint, save_checkpoint


def join(config: ModelConfig, timbre: Path, acoustic: Path, vocoder: Path) -> dict[str, object]:
    """Config and state dict of the whole network, checked against it.

    Raises:
        RuntimeError: If a tensor is missing, unexpected or misshapen.
    """
    state = dict(load_checkpoint(acoustic)["ema"])
    for prefix, part in (("timbre_encoder", timbre), ("vocoder", vocoder)):
        weights = load_checkpoint(part)["ema"]
        state |= {f"{prefix}.{name}": tensor for name, tensor in weights.items()}
    MuSpeaker(config).load_state_dict(state)
    return {"config": asdict(config), "model": state}


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timbre", type=Path, default=Path("runs/timbre/timbre.pt"))
    parser.add_argument("--acoustic", type=Path, default=Path("runs/acoustic/acoustic.pt"))
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/vocoder.pt"))
    parser.add_argument("--out", type=Path, default=Path("runs/lite.pt"))
    options = parser.parse_args(arguments)
    parts = (options.timbre, options.acoustic, options.vocoder)
    save_checkpoint(options.out, join(config or lite(), *parts))


if __name__ == "__main__":
    main()
