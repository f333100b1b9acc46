"""What each part of the paper brings: the student's training without it, everything else the same.

`python -m tools.ablations CORPUS --teacher TEACHER.pt --timbre TIMBRE.pt --out FOLDER --steps 350` trains every
variant for so many steps from the same weights, or from scratch. A variant that is there already goes on where
it stopped. `FOLDER/NAME/student.pt` is exported and converted as any other.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.train.acoustic_trainer import make_trainer
from muspeaker.train.corpus.cache import PAIRS
from muspeaker.train.loop.options import model_config
from muspeaker.train.losses.acoustic import WEIGHTS
from muspeaker.train.stages.student import StudentOptions, StudentTrainer

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from muspeaker.config import ModelConfig
    from muspeaker.train.corpus.cache import Clip

log = logging.getLogger(__name__)

TEACHERS = ("kokoro", "hibari")  # sources that are synthetic
RATES = {False: 6e-4, True: 3e-3}  # from scratch
HALF = (
    "linguistic_encoder.hidden=96", "linguistic_encoder.ffn_hidden=192", "vp_flow.hidden=32",
    "style_encoder.hidden=64", "variation_adapter.hidden=48", "mel_decoder.channels=96",
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One change of the recipe.

    Attributes:
        sigma: Share of the samples whose content comes from a pair.
        silenced: Parameters that are zero and stay so, by a part of their names.
        weights: Changed weights of losses.
        takes: Which clips may be targets.
        sizes: Changed sizes of the model.
        from_scratch: Whether it begins without a teacher's weights, and so at a higher rate.
    """

    sigma: float = 0.8
    silenced: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    takes: Callable[[Clip], bool] = lambda _: True
    sizes: tuple[str, ...] = ()
    from_scratch: bool = False


VARIANTS = {
    "paper": Variant(),
    "sigma_0": Variant(sigma=0.0),
    "no_timbre": Variant(silenced=("mel_decoder.*.norm*.linear.weight",)),
    "no_style": Variant(silenced=("variation_adapter.*_predictor.attention.output.*",)),
    "no_contrastive": Variant(weights=("contrastive=0",)),
    "teachers": Variant(takes=lambda clip: clip.source in TEACHERS),
    "recordings": Variant(takes=lambda clip: clip.source not in TEACHERS),
    "scratch": Variant(from_scratch=True),
    "half": Variant(sizes=HALF, from_scratch=True),
}


def silence(model: torch.nn.Module, patterns: tuple[str, ...]) -> int:
    """Set parameters to zero and keep them there.

    Args:
        model: Changed in place.
        patterns: Names, with `*` for anything.

    Returns:
        How many parameters that are.
    """
    found = 0
    for name, parameter in model.named_parameters():
        if any(Path(name).match(pattern) for pattern in patterns):
            parameter.data.zero_()
            parameter.requires_grad_(requires_grad=False)
            found += 1
    return found


def train(variant: Variant, options: StudentOptions, config: ModelConfig | None = None) -> None:
    """Train one variant; `config` stands in for the sizes that the options name.

    Raises:
        ValueError: If a part to be left out is not there, or no clip is left to learn from.
    """
    sizes = config or model_config(options)
    trainer, data = make_trainer(StudentTrainer, sizes, options, WEIGHTS)
    assert isinstance(trainer, StudentTrainer)
    assert trainer.ema
    if variant.sigma > 0:
        data.add_pairs(np.load(options.corpus / PAIRS, mmap_mode="r"), variant.sigma)
    data.keep(variant.takes)
    if options.teacher and not trainer.path.exists():
        trainer.start_from(options.teacher)
    for model in (trainer.model, trainer.ema.module):
        if variant.silenced and not silence(model, variant.silenced):
            raise ValueError(f"no parameter is called {variant.silenced}")
    trainer.run()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder written by `muspeaker-train prepare`")
    parser.add_argument("--teacher", type=Path, required=True, help="weights to begin with")
    parser.add_argument("--timbre", type=Path, required=True, help="trained timbre encoder")
    parser.add_argument("--out", type=Path, required=True, help="one folder a variant is made here")
    parser.add_argument("--steps", type=int, default=350, help="budget of each")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for name in arguments.only:
        variant = VARIANTS[name]
        options = StudentOptions(
            corpus=arguments.corpus, out=arguments.out / name, steps=arguments.steps,
            timbre=arguments.timbre, teacher=None if variant.from_scratch else arguments.teacher,
            set=variant.sizes, weights=variant.weights, vocoder=Path("none"), rate=RATES[variant.from_scratch],
            judged_rows=6, longest=1152, sigma=variant.sigma,
        )  # fmt: skip
        log.info("%s: %s", name, variant)
        train(variant, options)


if __name__ == "__main__":
    main()
