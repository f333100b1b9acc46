"""Stage: the student, a network of the teacher's sizes that learns from the teacher's parallel speech.

A share of the samples takes its content from the same words in another speaker's voice, so that content
cannot carry the target's voice; prompt and target are real. Needs `muspeaker-train pairs`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.train.acoustic_trainer import AcousticOptions, AcousticTrainer, make_trainer
from muspeaker.train.corpus.cache import PAIRS
from muspeaker.train.loop.checkpoint import load_checkpoint, load_fitting
from muspeaker.train.loop.options import model_config, option, parse
from muspeaker.train.losses.acoustic import WEIGHTS

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig


log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StudentOptions(AcousticOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/student"), "folder of the checkpoint, the log and the samples")
    sigma: float = option(0.8, "share of the samples whose content comes from a pair, 0 to 1")
    disguise: float = option(
        0.0, "share of the other samples whose content is the target in another voice's statistics"
    )
    pairs: Path | None = option(None, f"mels of the pairs (default: {PAIRS} of the corpus)")
    teacher: Path | None = option(
        Path("runs/teacher/teacher.pt"), "its weights are the student's first, where it is there"
    )


class StudentTrainer(AcousticTrainer):
    """The acoustic trainer under the student's name, which may start from a teacher's weights."""

    file = "student"

    def start_from(self, path: Path) -> None:
        """Take the averaged weights of a teacher."""
        assert self.ema
        state = load_checkpoint(path)
        self.model.load_state_dict(state["ema"])
        self.ema.module.load_state_dict(state["ema"])
        load_fitting(self.discriminator, state, "discriminator", path)
        log.info("starts from %s at step %d", path, state["step"])


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(StudentOptions, arguments, "muspeaker-train student", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for name, share in (("sigma", options.sigma), ("disguise", options.disguise)):
        if not 0 <= share <= 1:
            raise ValueError(f"--{name} must be from 0 to 1, got {share}")
    trainer, data = make_trainer(StudentTrainer, config or model_config(options), options, WEIGHTS)
    assert isinstance(trainer, StudentTrainer)
    if options.sigma > 0:
        pairs = options.pairs or options.corpus / PAIRS
        if not pairs.exists():
            raise FileNotFoundError(f"{pairs} is not there: make it with `muspeaker-train pairs`")
        data.add_pairs(np.load(pairs, mmap_mode="r"), options.sigma)
    data.add_disguise(options.disguise)
    if options.teacher and options.teacher.exists() and not trainer.path.exists():
        trainer.start_from(options.teacher)
    trainer.run()


if __name__ == "__main__":
    main()
