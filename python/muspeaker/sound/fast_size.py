"""Lengths whose Fourier transforms are fast."""

from __future__ import annotations


def fast_size(least: int) -> int:
    """The first product of 2, 3 and 5 from `least` on; a large prime's transform takes several times as long."""
    odd: list[int] = [3**threes * 5**fives for threes in range(14) for fives in range(10)]
    return min(factor << (-(-least // factor) - 1).bit_length() for factor in odd)
