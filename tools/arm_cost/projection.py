"""From instructions to seconds, by what is published of three cores: a projection, not a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTOR = ("int8 product", "float product", "other vector", "scalar float")
LOADS = ("vector load", "load")
STORES = ("vector store", "store")
# A core waits for results and for memory: it reaches a part of what its widths allow.
SHARE_OF_WIDTHS = 0.5


@dataclass(frozen=True)
class Core:
    """A core, by its widths in instructions a cycle.

    Source: Arm's software optimization guides of Cortex-A72 and Cortex-A76, and Arm's technical reference
    manual of Cortex-A53.

    Attributes:
        board: Where it is.
        name: Its name.
        qemu: Its name in QEMU.
        ghz: Clock.
        decode: Instructions of any kind.
        vector: Instructions on vectors of 128 bit.
        products: Products of integer vectors of 128 bit.
        loads: Loads.
        stores: Stores.
    """

    board: str
    name: str
    qemu: str
    ghz: float
    decode: float
    vector: float
    products: float
    loads: float
    stores: float


CORES = (
    Core("Raspberry Pi Zero 2 W", "Cortex-A53", "cortex-a53", 1.0, 2, 1, 1, 0.5, 0.5),
    Core("Raspberry Pi 4, first issue", "Cortex-A72", "cortex-a72", 1.5, 3, 2, 1, 1, 1),
    Core("Raspberry Pi 4", "Cortex-A72", "cortex-a72", 1.8, 3, 2, 1, 1, 1),
    Core("Raspberry Pi 5", "Cortex-A76", "cortex-a76", 2.4, 4, 2, 2, 2, 1),
)


def least_cycles(counts: Mapping[str, float], core: Core) -> float:
    """Cycles below which the widths of a core do not allow these instructions.

    Args:
        counts: Number of instructions by kind.
        core: The core.
    """

    def of(*kinds: str) -> float:
        return sum(counts.get(kind, 0) for kind in kinds)

    return max(
        sum(counts.values()) / core.decode,
        of(*VECTOR) / core.vector,
        of("int8 product") / core.products,
        of(*LOADS) / core.loads,
        of(*STORES) / core.stores,
    )


def projected_rtf(counts: Mapping[str, float], core: Core) -> tuple[float, float]:
    """Seconds of computing for a second of speech.

    Args:
        counts: Instructions for a second of speech, by kind.
        core: The core.

    Returns:
        What the widths allow at best, and the projection.
    """
    best = least_cycles(counts, core) / (core.ghz * 1e9)
    return best, best / SHARE_OF_WIDTHS
