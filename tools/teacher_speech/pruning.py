"""The part of a graph that some of its outputs need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Node(Protocol):
    """A node of an ONNX graph."""

    input: Sequence[str]
    output: Sequence[str]


N = TypeVar("N", bound=Node)


def prune(nodes: Iterable[N], outputs: Iterable[str]) -> tuple[list[N], set[str]]:
    """Nodes that the outputs need, and the names of all values they take and give.

    Args:
        nodes: In the order in which they run.
        outputs: Names of values.

    Raises:
        ValueError: If an output has no node.
    """
    needed, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    if absent := set(outputs) - {name for node in kept for name in node.output}:
        raise ValueError(f"the graph has no node that gives {', '.join(sorted(absent))}")
    return kept[::-1], needed
