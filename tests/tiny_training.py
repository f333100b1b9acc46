"""Every trained stage in miniature, once, for the tests that need one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages import align, pairs, prepare, realign, student, teacher, timbre, vocoder
from tests import tiny_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = tiny_corpus.training_config()
SPEEDS = (1.0, 1.25)
STEPS = 4


class Runs(NamedTuple):
    """Where everything lies."""

    corpus: Path
    root: Path

    def arguments(self, stage: str, steps: int = STEPS) -> list[str]:
        """The command line of a stage that is over in a second."""
        common = [str(self.corpus), "--out", str(self.root / stage), "--steps", str(steps)]
        common += ["--log-steps", "2"]
        made = {name: ["--" + name, str(self.root / name / f"{name}.pt")] for name in STAGES}
        voices = [*made["timbre"], *made["vocoder"], "--frames", "300", "--adversarial-from", "0"]
        widths = ["--period-width", "2", "--resolution-width", "2", "--adversarial-from", "0"]
        # What the later stages were made from stays as it was when a test trains again.
        elsewhere = [] if steps == STEPS else ["--to", str(self.root / "realigned.npz")]
        return {
            "align": [*common, "--batch", "4"],
            "realign": [*common, "--batch", "4", "--round-steps", "3", *elsewhere],
            "timbre": [*common, "--batch", "6", "--frames", "40"],
            "vocoder": [*common, *widths, "--batch", "2", "--frames", "16"],
            "teacher": [*common, *voices],
            "student": [*common, *voices, "--teacher", made["teacher"][1]],
        }[stage]

    def checkpoint(self, stage: str) -> dict[str, object]:
        return load_checkpoint(self.root / stage / FILES[stage])


PARTS = (("timbre", "timbre/timbre.pt"), ("teacher", "teacher/teacher.pt"))
STAGES: dict[str, Callable[..., None]] = {
    "align": align.main,
    "realign": realign.main,
    "timbre": timbre.main,
    "vocoder": vocoder.main,
    "teacher": teacher.main,
    "student": student.main,
}


def train_everything(root: Path) -> Runs:
    """Prepare the tiny corpus in a folder, one recording of it missing, and train every stage."""
    manifest = tiny_corpus.write_corpus(root / "recordings")
    with manifest.open("a", encoding="utf-8") as lines:
        lines.write("lost\tmade_up\tdan\t\ten-us\t16000\tlost.flac\tGone.\n")
    held_out = root / "held_out.tsv"
    held_out.write_text("text\n" + tiny_corpus.TEXTS[-1].upper() + "\n", encoding="utf-8")
    made = Runs(root / "corpus", root)
    speeds = [str(speed) for speed in SPEEDS]
    prepare.main([str(manifest), "--out", str(made.corpus), "--workers", "1",
                  "--held-out", str(held_out), "--speeds", *speeds], CONFIG)  # fmt: skip
    for stage, run in STAGES.items():
        if stage == "student":
            parts = [f"--{name}={root / file}" for name, file in PARTS]
            pairs.main([str(made.corpus), *parts, "--batch", "5"], CONFIG)
        run(made.arguments(stage), CONFIG)
    return made


FILES = {stage: f"{stage}.pt" for stage in STAGES} | {"align": "align.pt"}
