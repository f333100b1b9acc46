"""Batches, each a function of the corpus, the seed and its number alone.

Therefore a resumed run sees what an uninterrupted one sees, processes share a batch without communicating,
and batches can be prefetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from torch.utils.data import DataLoader, Dataset

from muspeaker.train.loop import distributed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

Batch = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Plan:
    """What goes into a batch.

    Attributes:
        number: Number of the batch; with the seed it decides everything random.
        clips: Numbers of clips, where the plan has chosen them.
    """

    number: int
    clips: tuple[int, ...] = ()


class Source(Protocol):
    """Where batches come from."""

    def plans(self, first: int) -> Iterator[Plan]:
        """Plans from batch `first` on, without end."""

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """The given rows of a batch, padded as the whole."""


class _Batches(Dataset[Batch]):
    def __init__(self, source: Source, rows: slice) -> None:
        self._source = source
        self._rows = rows

    def __getitem__(self, plan: Plan) -> Batch:
        processes = self._rows.step
        if len(plan.clips) % processes:
            raise ValueError(f"{processes} processes cannot share {len(plan.clips)} clips alike")
        return self._source.collate(plan, self._rows)


def feed(source: Source, first: int, loaders: int) -> Iterator[Batch]:
    """This process's share of the batches from `first` on, in order.

    Args:
        source: Makes them.
        first: Number of the first one.
        loaders: Processes that prefetch them; 0 for none.
    """
    rows = slice(distributed.rank(), None, distributed.world())
    loader = DataLoader(
        _Batches(source, rows),
        batch_size=None,
        sampler=source.plans(first),  # any iterable serves
        num_workers=loaders,
        collate_fn=_as_it_is,
    )
    return iter(loader)


def _as_it_is(batch: Any) -> Any:
    return batch
