"""From blocks of instructions to seconds, by LLVM's models of three cores: a projection, not a measurement.

LLVM's compiler orders instructions by models of cores, which say what each instruction takes of which pipeline, and
when its result is there. `llvm-mca` computes from them how long a block takes that runs again and again. What the
models do not know is left out: every load finds its data in the first cache, and every branch is foreseen.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.arm_cost.blocks import Block

ATTRIBUTES = "-mattr=+v8.2a,+dotprod,+i8mm,+fullfp16"
ITERATIONS = 100
SHARE_OF_INSTRUCTIONS = 0.97  # in the blocks that are computed; the rest takes as long as these do


@dataclass(frozen=True)
class Board:
    """A board, and what stands for its processor.

    Attributes:
        name: Its name.
        core: Name of its core.
        ghz: Clock.
        counted: Processor of QEMU whose count is taken: that of the same kernels.
        model: LLVM's model of the core.
    """

    name: str
    core: str
    ghz: float
    counted: str
    model: str


# Clocks: Raspberry Pi's documentation of its processors. Models: LLVM takes that of Cortex-A57 for a Cortex-A72;
# it has none of Cortex-A76, but of Neoverse N1, its sister for servers.
BOARDS = (
    Board("Raspberry Pi Zero 2 W", "Cortex-A53", 1.0, "cortex-a72", "cortex-a53"),
    Board("Raspberry Pi 4, first issue", "Cortex-A72", 1.5, "cortex-a72", "cortex-a72"),
    Board("Raspberry Pi 4", "Cortex-A72", 1.8, "cortex-a72", "cortex-a72"),
    Board("Raspberry Pi 5", "Cortex-A76", 2.4, "cortex-a76", "neoverse-n1"),
)


def hottest(blocks: Sequence[Block], share: float = SHARE_OF_INSTRUCTIONS) -> list[Block]:
    """The blocks that ran most, until they hold so much of all instructions."""
    ordered = sorted(blocks, key=lambda block: block.instructions, reverse=True)
    left = share * sum(block.instructions for block in blocks)
    chosen = []
    for block in ordered:
        if left <= 0:
            break
        chosen.append(block)
        left -= block.instructions
    return chosen


def assembly(block: Block, disassembler: str) -> str:
    """The instructions of a block as text.

    Raises:
        ValueError: If one is unknown to the disassembler.
    """
    code = b"".join(word.to_bytes(4, "little") for word in block.words)
    given = " ".join(f"0x{byte:02x}" for byte in code)
    command = [disassembler, "-disassemble", "-triple=aarch64", ATTRIBUTES]
    told = subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
    lines = [line for line in told.splitlines() if line.startswith("\t") and line[1] != "."]
    if len(lines) != len(block.words):
        raise ValueError(f"{disassembler} knows {len(lines)} of {len(block.words)} instructions")
    return "\n".join(lines) + "\n"


def cycles(blocks: Sequence[Block], model: str, tools: str) -> float:
    """Cycles that blocks take on a core.

    Args:
        blocks: What ran.
        model: LLVM's name of the core.
        tools: Start of the names of LLVM's tools, as in /usr/lib/llvm-19/bin/llvm-.

    Raises:
        ValueError: If LLVM does not know an instruction or the core.
    """
    chosen = hottest(blocks)
    source = "".join(
        f"# LLVM-MCA-BEGIN\n{assembly(block, f'{tools}mc')}# LLVM-MCA-END\n" for block in chosen
    )
    command = [f"{tools}mca", "-mtriple=aarch64", f"-mcpu={model}", ATTRIBUTES]
    command += [f"-iterations={ITERATIONS}", "-instruction-info=0", "-resource-pressure=0"]
    command += [
        "-skip-unsupported-instructions=any"
    ]  # system calls and the like: few, in no hot loop
    told = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    taken = [int(found) / ITERATIONS for found in re.findall(r"Total Cycles:\s+(\d+)", told)]
    if len(taken) != len(chosen):
        raise ValueError(f"{command[0]} tells of {len(taken)} blocks of {len(chosen)}")
    total = sum(block.count * each for block, each in zip(chosen, taken, strict=True))
    every = sum(block.instructions for block in blocks)
    return total * every / sum(block.instructions for block in chosen)
