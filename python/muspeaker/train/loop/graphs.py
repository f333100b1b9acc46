"""CUDA graphs of training steps: a small model waits for thousands of launches, a graph is one.

A step can be recorded if it never asks the device for a value, all its inputs are in the batch, and what
changes from step to step is a tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.train.loop.feed import Batch

    Losses = dict[str, torch.Tensor]

EAGER_STEPS = 40  # so that the optimizers' moments have left their beginning


class GraphedStep:
    """Runs a step; batches of shapes that were seen before run as recorded graphs.

    Args:
        step: From a batch on the device to losses; the same computation for all batches of one shape.
    """

    def __init__(self, step: Callable[[Batch], Losses]) -> None:
        self._step = step
        self._count = 0
        self._seen: set[tuple[object, ...]] = set()
        self._graphs: dict[tuple[object, ...], tuple[torch.cuda.CUDAGraph, Batch, Losses]] = {}
        self._stream = torch.cuda.Stream()
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: Batch) -> Losses:
        """Learn from one batch."""
        key = tuple((name, tuple(value.shape)) for name, value in sorted(batch.items()))
        self._count += 1
        if key in self._graphs:
            graph, inputs, losses = self._graphs[key]
            for name, value in batch.items():
                inputs[name].copy_(value, non_blocking=True)
            graph.replay()
            return {name: value.clone() for name, value in losses.items()}
        if self._count <= EAGER_STEPS or key not in self._seen:
            self._seen.add(key)
            return self._run(batch)
        return self._record(key, batch)

    def _run(self, batch: Batch) -> Losses:
        """As it is, on the stream that graphs are recorded on."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            losses = self._step(batch)
        torch.cuda.current_stream().wait_stream(self._stream)
        return losses

    def _record(self, key: tuple[object, ...], batch: Batch) -> Losses:
        graph = torch.cuda.CUDAGraph()
        inputs = {name: value.clone() for name, value in batch.items()}
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            losses = self._step(inputs)
        self._graphs[key] = graph, inputs, losses
        graph.replay()  # recording computes nothing
        return {name: value.clone() for name, value in losses.items()}
