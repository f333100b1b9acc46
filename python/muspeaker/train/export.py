"""Stage: join the averaged weights of all stages into one checkpoint for `tools.convert_weights`."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from muspeaker.config import AlignerConfig, ModelConfig
from muspeaker.model.muspeaker import MuSpeaker
from muspeaker.train.checkpoint import config_of, load_checkpoint, save_checkpoint
from muspeaker.train.options import option, parse

log = logging.getLogger(__name__)
ACOUSTIC = (Path("runs/student/student.pt"), Path("runs/acoustic/acoustic.pt"))


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The command line of the stage."""

    timbre: Path = option(Path("runs/timbre/timbre.pt"), "checkpoint of the timbre encoder")
    acoustic: Path | None = option(
        None, f"checkpoint of the acoustic model (default: {ACOUSTIC[0]}, else {ACOUSTIC[1]})"
    )
    vocoder: Path = option(Path("runs/vocoder/vocoder.pt"), "checkpoint of the vocoder")
    align: Path = option(
        Path("runs/align/aligner.pt"), "checkpoint of the aligner, without which nothing converts"
    )
    out: Path = option(Path("runs/lite.pt"), "where the joined checkpoint goes")


def join(
    config: ModelConfig, timbre: Path, acoustic: Path, vocoder: Path, align: Path | None = None
) -> dict[str, object]:
    """Config and state dict of the whole network, checked against it.

    Without a checkpoint at `align` the aligner is left out, and the model cannot convert voices.

    Raises:
        RuntimeError: If a tensor is missing, unexpected or misshapen.
    """
    state = dict(load_checkpoint(acoustic)["ema"])
    for prefix, part in (("timbre_encoder", timbre), ("vocoder", vocoder)):
        weights = load_checkpoint(part)["ema"]
        state |= {f"{prefix}.{name}": tensor for name, tensor in weights.items()}
    config = replace(config, aligner=None)
    if align is not None and align.exists():
        config = replace(config, aligner=AlignerConfig())
        kept = load_checkpoint(align)
        weights = kept.get("ema", kept["aligner"])
        state |= {f"aligner.{name}": tensor for name, tensor in weights.items()}
    else:
        log.warning("no aligner at %s: the model will not convert voices", align)
    MuSpeaker(config).load_state_dict(state)
    return {"config": asdict(config), "model": state}


def sizes(acoustic: Path, timbre: Path, vocoder: Path) -> ModelConfig:
    """The sizes that the checkpoints were made with, each part's from its own."""
    config, timbres, waves = (config_of(load_checkpoint(p)) for p in (acoustic, timbre, vocoder))
    return replace(config, timbre_encoder=timbres.timbre_encoder, vocoder=waves.vocoder)


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the checkpoints' sizes."""
    options = parse(ExportOptions, arguments, "muspeaker-train export", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    acoustic = options.acoustic or next((p for p in ACOUSTIC if p.exists()), ACOUSTIC[-1])
    config = config or sizes(acoustic, options.timbre, options.vocoder)
    parts = (options.timbre, acoustic, options.vocoder, options.align)
    save_checkpoint(options.out, join(config, *parts))
    log.info("%s with the acoustic model of %s", options.out, acoustic)


if __name__ == "__main__":
    main()
