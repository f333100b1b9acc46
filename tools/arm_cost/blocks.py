"""What the plug-in counted, and the functions that it belongs to."""

from __future__ import annotations

import re
import subprocess
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.arm_cost.instructions import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NM = "aarch64-linux-gnu-nm"
MODULE = "muspeaker/_core."
_ARGUMENTS = re.compile(r"\(.*|<.*")
_FOR_WIDTHS = re.compile(r".*with_vectors_of<")  # what is compiled for vectors of several widths


@dataclass(frozen=True)
class Block:
    """A block of instructions: its address, how often it ran, and its words."""

    address: int
    count: int
    words: tuple[int, ...]

    @property
    def instructions(self) -> int:
        """Number of instructions that ran."""
        return self.count * len(self.words)

    @property
    def kinds(self) -> Counter[str]:
        """How many of each kind ran."""
        kinds = Counter(kind_of(word) for word in self.words)
        return Counter({kind: number * self.count for kind, number in kinds.items()})


def read_blocks(path: Path) -> Iterator[Block]:
    """The lines of the plug-in."""
    with path.open() as file:
        for line in file:
            address, count, *words = line.split()
            yield Block(int(address, 16), int(count), tuple(int(word, 16) for word in words))


class Symbols:
    """Names of addresses: functions of our module, and files of all else.

    Args:
        libraries: First address of each file in memory.
        functions: Names of our module's functions by their offset in it.
    """

    def __init__(self, libraries: Mapping[str, int], functions: Mapping[int, str]) -> None:
        self._libraries = sorted((start, path) for path, start in libraries.items())
        self._offsets = sorted(functions)
        self._functions = functions

    def name_of(self, address: int) -> str:
        """The function, or the file's name."""
        at = bisect_right(self._libraries, (address, "\uffff")) - 1
        if at < 0:
            return "?"
        start, path = self._libraries[at]
        if MODULE not in path:
            return Path(path).name
        found = bisect_right(self._offsets, address - start) - 1
        return self._functions[self._offsets[found]] if found >= 0 else Path(path).name


def read_symbols(module: Path, libraries: Mapping[str, int]) -> Symbols:
    """The functions of a module that has its symbols."""
    command = [NM, "--demangle", "--defined-only", str(module)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions = {}
    for line in listed.splitlines():
        address, kind, name = line.split(maxsplit=2)
        if kind in "tTwW" and not name.startswith("$"):
            functions[int(address, 16)] = short_name(name)
    return Symbols(libraries, functions)


def short_name(name: str) -> str:
    """A function without its arguments and our namespace."""
    plain = name.replace("(anonymous namespace)::", "").replace("muspeaker::", "")
    return _ARGUMENTS.sub("", _FOR_WIDTHS.sub("", plain)).strip()
