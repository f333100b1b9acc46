"""Stage: the weighted mean of the weights of several runs that began from the same ones.

Such runs differ in data, losses or luck, and their mean is often better than each of them.

Source: Wortsman et al. 2022 (arXiv:2203.05482), a uniform soup, with shares.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from muspeaker.train.loop.checkpoint import (
    AS_THEY_ARE,
    STAGE_WEIGHTS,
    load_checkpoint,
    save_checkpoint,
)
from muspeaker.train.loop.options import option, parse

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AverageOptions:
    """The command line."""

    of: tuple[Path, ...] = option((), "checkpoints of one stage; two at least")
    shares: tuple[float, ...] = option((), "what each of them counts; all alike if none is given")
    out: Path = option(Path("runs/average.pt"), "the checkpoint that is written")


def average(paths: tuple[Path, ...], shares: tuple[float, ...]) -> dict[str, Any]:
    """The mean of the averaged weights of some checkpoints, with step and sizes of the first.

    Args:
        paths: Checkpoints of one stage and one size.
        shares: What each counts, in any unit; all alike if empty.

    Raises:
        ValueError: If there are not two, shares do not fit, or the checkpoints are not of one shape.
    """
    shares = shares or (1.0,) * len(paths)
    if len(paths) < 2:
        raise ValueError("an average needs two checkpoints at least")
    if len(shares) != len(paths) or min(shares) < 0 or not sum(shares) > 0:
        raise ValueError(f"{len(paths)} checkpoints need as many shares of 0 or more, got {shares}")
    states = [load_checkpoint(path) for path in paths]
    names = [name for name in STAGE_WEIGHTS.values() if name in states[0]]
    if not names:
        raise ValueError(f"{paths[0]} is no checkpoint of a stage")
    weights = [state.get("ema", state.get(names[0], {})) for state in states]
    shapes = [{key: value.shape for key, value in each.items()} for each in weights]
    for path, shape in zip(paths, shapes, strict=True):
        if shape != shapes[0]:
            raise ValueError(f"{path} has other weights than {paths[0]}")
    mean = {key: _mean([each[key] for each in weights], shares) for key in weights[0]}
    kept = {key: states[0][key] for key in AS_THEY_ARE if key in states[0]}
    return kept | {names[0]: mean, "ema": mean}


def _mean(tensors: list[torch.Tensor], shares: tuple[float, ...]) -> torch.Tensor:
    """Numbers that are not float, such as counts, are the first's."""
    if not tensors[0].is_floating_point():
        return tensors[0]
    whole = sum(share * tensor.double() for share, tensor in zip(shares, tensors, strict=True))
    return (torch.as_tensor(whole) / sum(shares)).to(tensors[0].dtype)


def main(arguments: list[str] | None = None) -> None:
    """Command line of the stage."""
    options = parse(AverageOptions, arguments, "muspeaker-train average", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    save_checkpoint(options.out, average(options.of, options.shares))
    log.info("%s, of %d checkpoints", options.out, len(options.of))


if __name__ == "__main__":
    main()
