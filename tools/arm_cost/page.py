"""The counted and the projected figures in `docs/raspberry-pi.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tools.arm_cost.projection import Board

BEGIN, END = "<!-- counted: begin -->", "<!-- counted: end -->"
VECTORS = ("int8 product", "float product", "other vector")
MEMORY = ("vector load", "load", "vector store", "store")


def write_page(page: Path, record: dict[str, Any], boards: Iterable[Board]) -> None:
    """Put the tables between the marks.

    Raises:
        ValueError: If the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no {BEGIN} … {END}")
    tables = "\n\n".join(
        [counted_table(record), functions_table(record), projected_table(record, boards)]
    )
    page.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def counted_table(record: dict[str, Any]) -> str:
    """Millions of instructions for a second of speech, by kind."""
    head = [
        "processor",
        "kernels",
        "all",
        "int8 products",
        "float products",
        "other on vectors",
        "loads, stores",
    ]
    head += ["the rest"]
    rows = []
    for one in record["counted"]:
        kinds = one["kinds"]
        columns = [kinds.get(kind, 0.0) for kind in VECTORS]
        columns.append(sum(kinds.get(kind, 0.0) for kind in MEMORY))
        rest = one["millions"] - sum(columns)
        figures = [f"{value:.1f}" for value in (one["millions"], *columns, rest)]
        rows.append([one["processor"], f"`{one['kernels']}`", *figures])
    return (
        f"**Counted** under QEMU at commit {record['commit']}, {record['date']} UTC: millions of instructions for a\n"
        "second of speech.\n\n" + _table(head, rows) + "\n\n" + _memory(record)
    )


def _memory(record: dict[str, Any]) -> str:
    most = max(one["resident_megabytes"] for one in record["counted"])
    return (
        f"Memory of that process when it has spoken, without QEMU's own: {most:.0f} MB resident (pages of 4 kB). Its\n"
        "peak cannot be told from QEMU's."
    )


def functions_table(record: dict[str, Any]) -> str:
    """Where they are, on the cores of the Raspberry Pi 4 and 5."""
    by_processor = {one["processor"]: one["functions"] for one in record["counted"]}
    chosen = ("cortex-a72", "cortex-a76")
    names = dict.fromkeys(
        name for processor in chosen for name in list(by_processor[processor])[:8]
    )
    rows = [
        [
            f"`{name}`",
            *(f"{by_processor[p][name]:.1f}" if name in by_processor[p] else "" for p in chosen),
        ]
        for name in names
    ]
    return "The functions that run most of them:\n\n" + _table(["function", *chosen], rows)


def projected_table(record: dict[str, Any], boards: Iterable[Board]) -> str:
    """Real-time factors of boards that nobody timed."""
    by_processor = {one["processor"]: one["cycles"] for one in record["counted"]}
    rows = []
    for board in boards:
        millions = by_processor[board.counted][board.model]
        clock = f"{board.core}, {board.ghz:g} GHz"
        rtf = millions / 1e3 / board.ghz
        rows.append([board.name, clock, f"`{board.model}`", f"{millions:.0f}", f"**{rtf:.3f}**"])
    head = ["board, one core", "processor", "LLVM's model", "million cycles", "RTF, projected"]
    return "**Projected**, not measured:\n\n" + _table(head, rows)
