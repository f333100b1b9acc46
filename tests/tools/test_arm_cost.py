"""Counting and projecting what speech costs on ARM."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tools.arm_cost.blocks import Block, Symbols, read_blocks, short_name
from tools.arm_cost.instructions import KINDS, kind_of
from tools.arm_cost.page import BEGIN, END, write_page
from tools.arm_cost.projection import BOARDS, ITERATIONS, cycles, hottest

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_LLVM = 17  # that knows Neoverse N1


def installed_llvm() -> str | None:
    """Start of the names of LLVM's tools, if they are new enough."""
    for start in ("llvm-", "/usr/lib/llvm-19/bin/llvm-"):
        if program := shutil.which(f"{start}mca"):
            told = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=True
            )
            if int(re.search(r"version (\d+)", told.stdout)[1]) >= OLDEST_LLVM:
                return start
    return None


LLVM = installed_llvm()

# As GNU as encodes them.
WORDS = {
    0x4E839480: "int8 product",  # sdot v0.4s, v4.16b, v3.16b
    0x4F83E080: "int8 product",  # sdot v0.4s, v4.16b, v3.4b[0]
    0x4E83A480: "int8 product",  # smmla v0.4s, v4.16b, v3.16b
    0x0E23C080: "int8 product",  # smull v0.8h, v4.8b, v3.8b
    0x4E238080: "int8 product",  # smlal2 v0.8h, v4.16b, v3.16b
    0x4E606880: "int8 product",  # sadalp v0.4s, v4.8h
    0x4E23CC80: "float product",  # fmla v0.4s, v4.4s, v3.4s
    0x4F831080: "float product",  # fmla v0.4s, v4.4s, v3.s[0]
    0x6E23DC80: "float product",  # fmul v0.4s, v4.4s, v3.4s
    0x4E23D480: "other vector",  # fadd v0.4s, v4.4s, v3.4s
    0x4E040480: "other vector",  # dup v0.4s, v4.s[0]
    0x1E232880: "scalar float",  # fadd s0, s4, s3
    0x1F030880: "scalar float",  # fmadd s0, s4, s3, s2
    0x3DC00020: "vector load",  # ldr q0, [x1]
    0xAD400420: "vector load",  # ldp q0, q1, [x1]
    0x4C402820: "vector load",  # ld1 {v0.4s-v3.4s}, [x1]
    0x3D800020: "vector store",  # str q0, [x1]
    0xF9400020: "load",  # ldr x0, [x1]
    0x39C00020: "load",  # ldrsb w0, [x1]
    0x58000040: "load",  # ldr x0, literal
    0xF9800020: "load",  # prfm pldl1keep, [x1]
    0xA9BF7BFD: "store",  # stp x29, x30, [sp, #-16]!
    0x91000420: "integer",  # add x0, x1, #1
    0x9B027C20: "integer",  # mul x0, x1, x2
    0x54000041: "branch",  # b.ne
    0xD65F03C0: "branch",  # ret
}


@pytest.mark.parametrize(("word", "kind"), WORDS.items(), ids=[f"{w:08x}" for w in WORDS])
def test_kinds_of_instructions(word: int, kind: str) -> None:
    assert kind in KINDS
    assert kind_of(word) == kind


def test_blocks_are_multiplied_by_how_often_they_ran(tmp_path: Path) -> None:
    path = tmp_path / "blocks.txt"
    path.write_text("5500a0 3 f9400020 91000420 f9400020\n10 1 d65f03c0\n")
    first, second = read_blocks(path)
    assert (first.address, first.instructions, first.kinds) == (
        0x5500A0, 9, Counter({"load": 6, "integer": 3})
    )  # fmt: skip
    assert (second.address, second.kinds) == (0x10, Counter({"branch": 1}))


def test_addresses_have_names() -> None:
    libraries = {"/usr/lib/libm.so.6": 0x1000, "/site/muspeaker/_core.cpython-311.so": 0x9000}
    symbols = Symbols(libraries, {0x10: "first", 0x80: "second"})
    assert [symbols.name_of(a) for a in (0x1234, 0x9010, 0x907F, 0x9100, 0x1)] == [
        "libm.so.6", "first", "first", "second", "?"
    ]  # fmt: skip
    name = (
        "muspeaker::kernels::(anonymous namespace)::conv_int8(muspeaker::kernels::ConvShape const&)"
    )
    assert short_name(name) == "kernels::conv_int8"
    lambda_of = "void muspeaker::core::with_vectors_of<muspeaker::dsp::RealFft::inverse(float*)::{lambda()#1}>(int)"
    assert short_name(lambda_of) == "dsp::RealFft::inverse"


BLOCKS = [Block(0, 1000, (0x91000420, 0x54000041)), Block(8, 10, (0x9B027C20,) * 4)]


def test_the_hottest_blocks_are_enough() -> None:
    assert hottest(BLOCKS[::-1], 0.98) == BLOCKS[:1]  # 2000 of 2040 instructions
    assert hottest(BLOCKS[::-1], 0.99) == BLOCKS


def fake_llvm(folder: Path, cycles_of_block: int) -> str:
    """Start of the names of tools that know one instruction, and how long every block takes."""
    tools = {
        "mc": "print('\\t.text')\nfor _ in range(len(sys.stdin.read().split()) // 4): print('\\tnop')",
        "mca": "for _ in range(sys.stdin.read().count('LLVM-MCA-BEGIN')):"
        f" print('Total Cycles:      {cycles_of_block}')",
    }
    for name, script in tools.items():
        path = folder / f"llvm-{name}"
        path.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
        path.chmod(0o755)
    return f"{folder}/llvm-"


def test_cycles_are_those_of_blocks_as_often_as_they_ran(tmp_path: Path) -> None:
    tools = fake_llvm(tmp_path, 3 * ITERATIONS)
    assert cycles(BLOCKS, "cortex-a72", tools) == 3 * 1000 * 2040 / 2000  # the rest is as slow
    (tmp_path / "llvm-mc").write_text(f"#!{sys.executable}\n")
    with pytest.raises(ValueError, match="knows 0 of 2 instructions"):
        cycles(BLOCKS, "cortex-a72", tools)


@pytest.mark.skipif(LLVM is None, reason="needs LLVM's tools")
def test_llvm_knows_every_model() -> None:
    for board in BOARDS:
        taken = cycles([Block(0, 100, (0x4E23CC80,) * 8)], board.model, LLVM)
        assert 100 * 4 <= taken < 100 * 200, board


def test_the_page_tells_counted_from_projected(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    counted = [
        {
            "processor": processor,
            "kernels": "neon",
            "resident_megabytes": 95.6,
            "millions": 12.0,
            "kinds": {"int8 product": 8.0, "load": 4.0},
            "functions": {"kernels::conv_int8": 10.0},
            "cycles": {"cortex-a53": 400.0, "cortex-a72": 180.0, "neoverse-n1": 60.0},
        }
        for processor in ("cortex-a72", "cortex-a76")
    ]
    write_page(page, {"commit": "abc", "date": "2026", "counted": counted}, BOARDS)
    before, after = page.read_text().split("**Projected**, not measured")
    assert "| cortex-a72 | `neon` | 12.0 | 8.0 | 0.0 | 0.0 | 4.0 | 0.0 |" in before
    assert "\nold\n" not in before
    assert "96 MB resident" in before
    assert "| Raspberry Pi 4 | Cortex-A72, 1.8 GHz | `cortex-a72` | 180 | **0.100** |" in after
    assert "| Raspberry Pi 5 | Cortex-A76, 2.4 GHz | `neoverse-n1` | 60 | **0.025** |" in after
    assert after.endswith(f"{END}\nAfter.\n")
    page.write_text("nothing")
    with pytest.raises(ValueError, match="counted: begin"):
        write_page(page, {"commit": "abc", "date": "2026", "counted": counted}, BOARDS)
