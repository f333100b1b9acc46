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


def prune(
    nodes: Iterable[N], outputs: Iterable[str], given: Iterable[str] = ()
) -> tuple[list[N], set[str]]:
    """Nodes that the outputs need, and the names of all values they take and give.

    Args:
        nodes: All nodes, in the order in which they run.
        outputs: Names of values.
        given: Names of values that are known, so that no node is needed for them.

    Raises:
        ValueError: If an output has no node.
    """
    needed, known, kept = set(outputs), set(given), []
    for node in reversed(list(nodes)):
        if (needed - known).intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    if absent := set(outputs) - {name for node in kept for name in node.output}:
        raise ValueError(f"the graph has no node that gives {', '.join(sorted(absent))}")
    return kept[::-1], needed


def border(nodes: Sequence[N], early: str, late: Iterable[str]) -> list[str]:
    """Values that depend on the input `early` and on none of `late`, and are taken by nodes that do.

    With these values given, what depends on `late` can be computed again and again.
    """
    before, after = _reached(nodes, {early}), _reached(nodes, set(late))
    taken = {name for node in nodes if after.intersection(node.output) for name in node.input}
    return sorted((taken & before) - after - {early})


def _reached(nodes: Iterable[N], names: set[str]) -> set[str]:
    for node in nodes:
        if names.intersection(node.input):
            names.update(node.output)
    return names
