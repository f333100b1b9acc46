"""The notebook of the documents: its cells run in order, with the model that ships, and it carries no output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import muspeaker

if TYPE_CHECKING:
    import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tour.ipynb"


def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in cells():
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), NOTEBOOK.name, "exec")
            exec(code, names)  # noqa: S102 (our own notebook)
    assert isinstance(names["audio"], muspeaker.Audio)
    assert {path.name for path in tmp_path.iterdir()} == {"me.voice", "hello.mp3", "hello.wav"}


def test_it_is_kept_without_output() -> None:
    assert len(cells()) > 10
    for cell in cells():
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
