"""Stage: the teacher, everything between phones and mel, with real prompts and targets.

Needs an alignment (`align`, better `realign`) and a trained timbre encoder (`timbre`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.train.acoustic_trainer import AcousticOptions, AcousticTrainer, make_trainer
from muspeaker.train.loop.options import model_config, option, parse
from muspeaker.train.losses.acoustic import WEIGHTS

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig

TEACHER_WEIGHTS = WEIGHTS | {"perceptual": 0.0, "contrastive": 0.0}


@dataclass(frozen=True, kw_only=True)
class TeacherOptions(AcousticOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/teacher"), "folder of the checkpoint, the log and the samples")


class TeacherTrainer(AcousticTrainer):
    """The acoustic trainer under the teacher's name."""

    file = "teacher"


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(TeacherOptions, arguments, "muspeaker-train teacher", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = config or model_config(options)
    make_trainer(TeacherTrainer, config, options, TEACHER_WEIGHTS)[0].run()


if __name__ == "__main__":
    main()
