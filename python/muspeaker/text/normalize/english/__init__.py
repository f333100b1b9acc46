"""English: numbers, dates, money, units, abbreviations, addresses and the like, written out as words."""

from __future__ import annotations
