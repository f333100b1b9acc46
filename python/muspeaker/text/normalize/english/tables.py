"""The tables of the English rules: one file of tab-separated columns each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "tables"


@lru_cache(maxsize=32)
def table(name: str) -> dict[str, tuple[str, ...]]:
    """Rows of a table by their first column. Lines that begin with `# ` are notes."""
    rows: dict[str, tuple[str, ...]] = {}
    for line in (_FOLDER / f"{name}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("# "):
            first, *rest = line.split("\t")
            rows[first] = tuple(rest)
    return rows


@lru_cache(maxsize=32)
def words_of(name: str) -> dict[str, str]:
    """First and second column of a table."""
    return {first: rest[0] for first, rest in table(name).items()}


@lru_cache(maxsize=32)
def members(name: str, group: str) -> frozenset[str]:
    """What a table of two columns, a group and its words, has in one group."""
    return frozenset(table(name)[group][0].split())
