"""Pairs as a Ray Data job: the same `PairMaker`, one an actor, on as many machines as Ray has."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.pairs import PairMaker, PairsOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.config import ModelConfig


def spoken_by_actors(
    maker: PairMaker, numbers: list[int], options: PairsOptions, config: ModelConfig | None
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """Clip numbers and their mels (frames, mels), as they come; paths must hold on every machine.

    Raises:
        ModuleNotFoundError: If Ray is not installed.
    """
    import ray.data  # noqa: PLC0415  (the extra `ray`)

    bands = maker.cache.mel.shape[1]
    batches = ray.data.from_items([{"number": i} for i in numbers]).map_batches(
        PairMaker,
        fn_constructor_args=(options, config),
        batch_size=options.batch,
        concurrency=options.ray,
        num_gpus=1 if torch.cuda.is_available() else 0,
    )
    for row in batches.iter_rows():
        yield int(row["number"]), np.frombuffer(row["mel"], np.float16).reshape(-1, bands)


@contextmanager
def local(cpus: int) -> Iterator[None]:
    """A Ray of this machine alone, with so many CPUs, for as long as the context lasts."""
    import ray  # noqa: PLC0415

    ray.init(num_cpus=cpus, include_dashboard=False, logging_level=logging.WARNING)
    try:
        yield
    finally:
        ray.shutdown()
