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


@dataclass(frozen=True)
class Block:
    """A block of instructions: its address, and how many of each kind ran."""

    address: int
    kinds: Counter[str]


def read_blocks(path: Path) -> Iterator[Block]:
    """The lines of the plug-in."""
    with path.open() as file:
        for line in file:
            address, count, *words = line.split()
            kinds = Counter(kind_of(int(word, 16)) for word in words)
            yield Block(int(address, 16), Counter({k: n * int(count) for k, n in kinds.items()}))


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
    return (
        _ARGUMENTS.sub("", name.replace("(anonymous namespace)::", ""))
        .replace("muspeaker::", "")
        .strip()
    )
