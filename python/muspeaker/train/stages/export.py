"""Stage: join the averaged weights of all stages into one checkpoint for the stage `convert`."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.config import AlignerConfig, ModelConfig, PhoneClassifierConfig
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint, save_checkpoint
from muspeaker.train.loop.options import option, parse
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

log = logging.getLogger(__name__)
ACOUSTIC = (Path("runs/student/student.pt"), Path("runs/teacher/teacher.pt"))


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The command line of the stage."""

    timbre: Path = option(Path("runs/timbre/timbre.pt"), "checkpoint of the timbre encoder")
    acoustic: Path | None = option(
        None, f"checkpoint of the acoustic model (default: {ACOUSTIC[0]}, else {ACOUSTIC[1]})"
    )
    vocoder: Path = option(Path("runs/vocoder/vocoder.pt"), "checkpoint of the vocoder")
    align: Path = option(
        Path("runs/align/align.pt"),
        "checkpoint of the aligner, by which a model without a phone classifier converts",
    )
    realign: Path = option(
        Path("runs/realign/realign.pt"),
        "checkpoint of the phone classifier, by which models convert and compare prompts",
    )
    out: Path = option(Path("runs/lite.pt"), "where the joined checkpoint goes")


def join(
    config: ModelConfig,
    timbre: Path,
    acoustic: Path,
    vocoder: Path,
    align: Path | None = None,
    *,
    realign: Path | None = None,
) -> dict[str, object]:
    """Config and state dict of the whole network, checked against it.

    Without a checkpoint at `realign` the aligner at `align` places phones, and without either the model
    cannot convert voices.

    Raises:
        RuntimeError: If a tensor is missing, unexpected or misshapen.
    """
    state = dict(load_checkpoint(acoustic)["ema"])
    for prefix, part in (("timbre_encoder", timbre), ("vocoder", vocoder)):
        state |= _under(prefix, load_checkpoint(part)["ema"])
    config = replace(config, aligner=None, phone_classifier=None)
    if realign is not None and realign.exists():
        kept = load_checkpoint(realign)
        sizes = config_of(kept).phone_classifier or PhoneClassifierConfig()
        if not config.mel_decoder.prompt_moments:  # as in the paper
            sizes = replace(sizes, map_cepstra=0)
        config = replace(config, phone_classifier=sizes)
        state |= _under("phone_classifier", kept["ema"])
    elif align is not None and align.exists():
        kept = load_checkpoint(align)
        config = replace(config, aligner=config_of(kept).aligner or AlignerConfig())
        state |= _under("aligner", kept.get("ema", kept["aligner"]))
    else:
        reason = f"no phone classifier at {realign} and no aligner at {align}"
        log.warning("%s: the model will not convert voices", reason)
    MuSpeaker(config).load_state_dict(state)
    return {"config": asdict(config), "model": state}


def _under(prefix: str, weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in weights.items()}


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
    save_checkpoint(options.out, join(config, *parts, realign=options.realign))
    log.info("%s with the acoustic model of %s", options.out, acoustic)


if __name__ == "__main__":
    main()
