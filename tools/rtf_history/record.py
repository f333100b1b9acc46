"""One small JSON for each measured commit, from the large one that pytest-benchmark writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DIGITS = 4
LISTS = {"engine": "engine", "peer": "peers", "work": "work", "blocks": "blocks"}


def condense(raw: dict[str, Any]) -> dict[str, Any]:
    """Keep the figures and what they belong to; drop names of hosts and folders.

    Args:
        raw: What `pytest --benchmark-json` wrote.

    Returns:
        "commit", "date", "machine", "engine", "peers", "work", "blocks", "peaks" and "scaling"; what was
        not measured is empty.

    Raises:
        ValueError: If nothing of tests/bench is in it.
    """
    commit = raw.get("commit_info") or {}
    record: dict[str, Any] = {
        "commit": str(commit.get("id", "unknown"))[:7] + ("+" if commit.get("dirty") else ""),
        "date": str(raw.get("datetime", ""))[:19],
        "machine": {},
        "engine": [],
        "peers": [],
        "work": [],
        "blocks": [],
        "peaks": {},
        "scaling": [],
    }
    for benchmark in raw.get("benchmarks", []):
        figures = dict(benchmark.get("extra_info") or {})
        kind = figures.pop("kind", None)
        if kind in LISTS:
            record[LISTS[kind]].append(figures)
        elif kind == "peaks":
            record["machine"] = figures.pop("machine", {})
            record["peaks"] = figures
        elif kind == "scaling":
            record["scaling"] = figures["rows"]
    if not record["engine"] and not record["peers"]:
        raise ValueError("no figures of tests/bench in this file")
    rounded: dict[str, Any] = rounded_off(record)
    return rounded


def rounded_off(value: Any) -> Any:
    """Four digits are more than any of these figures repeats to."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded_off(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded_off(item) for item in value]
    return value


def save(record: dict[str, Any], folder: Path) -> Path:
    """Write a record under its commit; one of the same commit is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['commit'].rstrip('+')}.json"
    lines = [json.dumps(key) + ": " + _shown(value) for key, value in record.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return path


def _shown(value: Any) -> str:
    """One line for each entry of a list, so that two records can be compared by eye."""
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n]"
    return json.dumps(value)


def load_all(folder: Path) -> list[dict[str, Any]]:
    """Every record, oldest first."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(records, key=lambda record: str(record["date"]))


def only(items: Iterable[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    """The first entry whose fields have these values, or nothing."""
    for item in items:
        if all(item.get(key) == value for key, value in wanted.items()):
            return item
    return {}
