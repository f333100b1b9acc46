"""Counting and projecting what speech costs on ARM."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tools.arm_cost.blocks import Block, Symbols, read_blocks, short_name
from tools.arm_cost.instructions import KINDS, kind_of
from tools.arm_cost.page import BEGIN, END, write_page
from tools.arm_cost.projection import CORES, SHARE_OF_WIDTHS, least_cycles, projected_rtf

if TYPE_CHECKING:
    from pathlib import Path

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
    assert list(read_blocks(path)) == [
        Block(0x5500A0, Counter({"load": 6, "integer": 3})),
        Block(0x10, Counter({"branch": 1})),
    ]


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


def test_the_narrowest_width_counts() -> None:
    slow, *_, fast = CORES
    loads = {"vector load": 100.0}
    assert least_cycles(loads, slow) == 200  # of 128 bit, over a path of 64
    assert least_cycles(loads, fast) == 50
    assert least_cycles({"int8 product": 100.0, "integer": 10.0}, fast) == 50
    assert least_cycles({"integer": 100.0}, fast) == 25
    best, projected = projected_rtf({"integer": 4 * 2.4e9}, fast)
    assert (best, projected) == (pytest.approx(1), pytest.approx(1 / SHARE_OF_WIDTHS))


def test_the_page_tells_counted_from_projected(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    counted = [
        {
            "processor": processor,
            "kernels": "neon",
            "millions": 12.0,
            "kinds": {"int8 product": 8.0, "load": 4.0},
            "functions": {"kernels::conv_int8": 10.0},
        }
        for processor in ("cortex-a53", "cortex-a72", "cortex-a76")
    ]
    write_page(page, {"commit": "abc", "date": "2026", "counted": counted}, CORES)
    before, after = page.read_text().split("**Projected**, not measured")
    assert "| cortex-a72 | `neon` | 12.0 | 8.0 | 0.0 | 0.0 | 4.0 | 0.0 |" in before
    assert "old" not in before
    assert "| Raspberry Pi 5 |" in after
    assert after.endswith(f"{END}\nAfter.\n")
    page.write_text("nothing")
    with pytest.raises(ValueError, match="counted: begin"):
        write_page(page, {"commit": "abc", "date": "2026", "counted": counted}, CORES)
