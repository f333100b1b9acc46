"""docs/reliability.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
NAMED = re.compile(r"`(\w+\.(?:py|cpp))::(\w+)`")


def test_every_promise_names_tests_that_exist() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    promises = [row for row in rows if not row.startswith(("| Promise", "|---"))]
    assert len(promises) > 20
    for row in promises:
        assert NAMED.search(row), row
    for file, test in NAMED.findall(PAGE.read_text()):
        start = f"def {test}(" if file.endswith(".py") else f", {test})"
        sources = [path.read_text() for path in (ROOT / "tests").rglob(file)]
        assert any(start in source for source in sources), f"{file}::{test}"
