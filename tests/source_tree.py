"""What the tests of the house rules read of the sources."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = ("csrc", "python", "tools", "tests")


def sources(root: Path, *suffixes: str) -> list[Path]:
    """Our own sources below root, sorted."""
    found = [path for folder in FOLDERS for path in (root / folder).rglob("*")]
    return sorted(path for path in found if path.suffix in suffixes)


def included_files(path: Path) -> list[str]:
    """Headers of ours that a C++ file includes, such as "core/graph.h"."""
    return re.findall(r'^\s*#\s*include "(\w+/\w+\.\w+)"', path.read_text(), re.MULTILINE)


def imported_modules(path: Path, *, running_only: bool = False) -> set[str]:
    """Dotted names that a Python file imports.

    Args:
        path: The file.
        running_only: Leave out what functions import and what only type checkers see, so that what is
            left is imported as soon as the file is.
    """
    tree = ast.parse(path.read_text())
    nodes = _running_statements(tree.body) if running_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _running_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that importing a file runs, with those inside of them."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _running_statements(node.orelse)
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _running_statements(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from _running_statements(handler.body)


def package_files(root: Path) -> dict[str, Path]:
    """Dotted name to file of every module of the package."""
    folder = root / "python"
    names = {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted((folder / "muspeaker").rglob("*.py"))
    }
    return {name.removesuffix(".__init__"): path for name, path in names.items()}
