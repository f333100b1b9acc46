"""Kinds of AArch64 instructions, from their encoding (Arm Architecture Reference Manual, C4.1)."""

from __future__ import annotations

from functools import cache

KINDS = (
    "int8 product",  # of vectors, with sums
    "float product",  # likewise
    "other vector",
    "scalar float",
    "vector load",
    "load",
    "vector store",
    "store",
    "integer",
    "branch",
)

# (mask, value) of vector instructions that multiply integers
_INT8_PRODUCTS = (
    (0xBFE0FC00, 0x0E809400),  # SDOT
    (0xBFE0FC00, 0x2E809400),  # UDOT
    (0xBFC0F400, 0x0F80E000),  # SDOT by element
    (0xBFC0F400, 0x2F80E000),  # UDOT by element
    (0xBFE0FC00, 0x0E809C00),  # USDOT
    (0xFFE0FC00, 0x4E80A400),  # SMMLA
    (0xFFE0FC00, 0x4E80AC00),  # USMMLA
    (0x9F20FC00, 0x0E20C000),  # SMULL, UMULL
    (0x9F20FC00, 0x0E208000),  # SMLAL, UMLAL
    (0x9F00F400, 0x0F00A000),  # SMULL, UMULL by element
    (0x9F00F400, 0x0F002000),  # SMLAL, UMLAL by element
    (0x9F20FC00, 0x0E209400),  # MLA, MLS
    (0x9F20FC00, 0x0E209C00),  # MUL
    (0x9F3FFC00, 0x0E206800),  # SADALP, UADALP: the sums of the products
)
_FLOAT_PRODUCTS = (
    (0xBF20FC00, 0x0E20CC00),  # FMLA, FMLS
    (0xBF20FC00, 0x2E20DC00),  # FMUL
    (0xBF00F400, 0x0F001000),  # FMLA by element
    (0xBF00F400, 0x0F005000),  # FMLS by element
    (0xBF00F400, 0x0F009000),  # FMUL by element
)
_LOAD_BIT = 1 << 22
_LITERAL = (0x3B000000, 0x18000000)
_PREFETCH = (0xFFC00000, 0xF9800000)


def _is(word: int, pattern: tuple[int, int]) -> bool:
    return word & pattern[0] == pattern[1]


@cache
def kind_of(word: int) -> str:
    """The kind of one instruction, of `KINDS`."""
    group = word >> 25 & 15
    if group & 0b0101 == 0b0100:
        is_load = bool(word & _LOAD_BIT) or _is(word, _LITERAL) or _is(word, _PREFETCH)
        return ("vector " if word >> 26 & 1 else "") + ("load" if is_load else "store")
    if group & 0b0111 == 0b0111:
        if word >> 28 & 1:
            return "scalar float"
        if any(_is(word, pattern) for pattern in _INT8_PRODUCTS):
            return "int8 product"
        if any(_is(word, pattern) for pattern in _FLOAT_PRODUCTS):
            return "float product"
        return "other vector"
    return "branch" if group & 0b1110 == 0b1010 else "integer"
