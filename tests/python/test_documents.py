"""The documents of the project are readable in an editor: lines of at most 120 columns, tables aside."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_COLUMNS = 120


def documents() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(found)


def long_lines(text: str) -> list[str]:
    """Lines that could have been wrapped: no rows of a table and no single word, such as a link."""
    lines = text.splitlines()
    return [x for x in lines if len(x) > MAX_COLUMNS and x[0] != "|" and " " in x.strip("-* ")]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_are_wrapped(path: Path) -> None:
    assert long_lines(path.read_text(encoding="utf-8")) == []


def test_what_is_said_of_others_names_its_source() -> None:
    text = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "muspeaker" not in line]
    others = [row for row in rows if any(sign.isdigit() for sign in row)]
    assert len(others) >= 6  # pocket-tts, Piper, Kokoro, hibari, KittenTTS, ZipVoice
    assert [row for row in others if "](https://" not in row.split("|")[1]] == []
    assert "see its page" not in text


def test_what_may_be_long() -> None:
    words = "word " * 30
    assert long_lines(f"a\n| {words} |\n{'x' * 130}\n") == []
    assert long_lines(f"a\n{words}\n") == [words]
