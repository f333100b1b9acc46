"""From a file of pytest-benchmark to a record, a page and a picture; figures here are made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.rtf_history import page, record

if TYPE_CHECKING:
    from pathlib import Path


def engine(size: str, weight_type: str, num_threads: int, rtf: float) -> dict[str, Any]:
    costs = {
        f"{name}_{kind}": 0.05
        for name in ("first_chunk", "clone", "load")
        for kind in ("cpu", "wall")
    }
    return {
        "kind": "engine",
        "size": size,
        "weight_type": weight_type,
        "num_threads": num_threads,
        "rtf_cpu": rtf,
        "rtf_wall": rtf / num_threads,
        "parts_rtf_cpu": {"vocoder": 0.75 * rtf},
        "audio_seconds": 4.0,
        "file_bytes": 12_000_000,
        "peak_bytes": 100_000_000,
        **costs,
    }


def raw(commit: str = "0123456789abcdef", rtf: float = 0.0123456) -> dict[str, Any]:
    infos = [
        engine("lite", "q8", 1, rtf),
        engine("lite", "q8", 2, rtf),
        engine("base", "q8", 1, 0.2),
        {"kind": "peer", "name": "twin_pytorch", "rtf_cpu": 0.1, "detail": "PyTorch"},
        {
            "kind": "work",
            "size": "lite",
            "seconds": 2.0,
            "products": {"vocoder": 2e9, "vocoder source": 1e9, "timbre_encoder": 5e9},
            "activation_bytes": {"vocoder": 1e8},
            "weights": {"vocoder": 4e6},
        },
        {
            "kind": "blocks",
            "size": "lite",
            "weight_type": "q8",
            "rows": [{"rate_hz": 5512.5, "channels": 32, "products": 7e8, "rtf_cpu": 0.007}],
        },
        {
            "kind": "peaks",
            "machine": {"processor": "A Processor", "cores": 2, "load_average": 0.5},
            "vector_bits": 512,
            "f32_products": 1e11,
            "int8_products": 4e11,
            "l1_read_bytes": 3e11,
            "l2_read_bytes": 1e11,
            "memory_read_bytes": 1e10,
            "memory_copy_bytes": 2e10,
        },
        {
            "kind": "scaling",
            "rows": [
                {"audio_seconds": s, "rtf_cpu": 0.01, "peak_bytes": 90_000_000}
                for s in (1, 10, 600)
            ],
        },
    ]
    return {
        "commit_info": {"id": commit, "dirty": False},
        "machine_info": {"node": "a-host-that-is-nobodys-business"},
        "datetime": "2026-01-02T03:04:05.678901+00:00",
        "benchmarks": [{"name": "x", "stats": {}, "extra_info": info} for info in infos],
    }


def test_record_is_small_and_names_no_host(tmp_path: Path) -> None:
    path = record.save(record.condense(raw()), tmp_path)
    assert path.name == "0123456.json"
    text = path.read_text()
    assert "nobodys-business" not in text
    assert len(text) < 5000
    kept = record.load_all(tmp_path)[0]
    assert kept["machine"]["processor"] == "A Processor"
    assert record.only(kept["engine"], size="lite", num_threads=2)["rtf_cpu"] == 0.01235
    assert record.only(kept["engine"], size="huge") == {}
    assert [len(kept[key]) for key in ("engine", "peers", "work", "scaling")] == [3, 1, 1, 3]


def test_records_are_sorted_by_date_and_replaced_by_commit(tmp_path: Path) -> None:
    for commit, date in (
        ("b" * 40, "2026-01-03"),
        ("a" * 40, "2026-01-04"),
        ("b" * 40, "2026-01-02"),
    ):
        record.save(record.condense(raw(commit) | {"datetime": date}), tmp_path)
    assert [one["commit"] for one in record.load_all(tmp_path)] == ["b" * 7, "a" * 7]


def test_file_of_other_benchmarks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no figures of tests/bench"):
        record.condense({"benchmarks": [{"name": "x", "extra_info": {}}]})


def test_page_gets_its_tables_between_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write_page(path, record.condense(raw()))
    text = path.read_text()
    assert text.startswith(f"before\n{page.BEGIN}\n")
    assert text.endswith(f"\n{page.END}\nafter\n")
    assert "old" not in text
    lines = text.splitlines()
    assert all(len(line) <= 120 for line in lines if not line.startswith("|"))
    bars = {line.split(" | ")[0].strip("| "): line for line in lines if line.startswith("|")}
    assert bars["lite q8, 1 thread: RTF, CPU"].endswith("| 0.0123 | **no** |")
    assert bars["base q8, 1 thread: RTF, CPU"].endswith("| 0.2 | **no** |")
    assert bars["… faster than its PyTorch twin"].endswith("| 8.1 times | yes |")
    assert bars["lite q8, 2 threads against 1, wall"].endswith("| 2 times | yes |")
    assert bars["… than pocket-tts, smallest size"].endswith("| not measured |  |")
    # 3 G multiply-accumulates: vocoder and its source together, at 400 G/s in int8, in 75 % of 0.01235 s.
    assert "| 3.0000 G | 102.0 MB | 7500 µs | 30000 µs |" in bars["lite vocoder"]
    assert "| 32 | 5512 | 0.700 G | 7000 µs | 100 G/s | 25 % |" in text
    assert "timbre_encoder" not in text
    page.write_page(path, record.condense(raw()))
    assert path.read_text() == text


def test_wall_times_of_a_busy_machine_meet_no_bar() -> None:
    measured = record.condense(raw())
    measured["machine"]["load_average"] = 7.0
    lines = page.bars(measured).splitlines()
    assert any(line.endswith("| 2 times | cannot be said: other programs ran |") for line in lines)
    assert any(line.endswith("| 0.0123 | **no** |") for line in lines)


def test_page_without_marks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text("nothing here\n")
    with pytest.raises(ValueError, match="has no <!-- measured"):
        page.write_page(path, record.condense(raw()))


def test_command_keeps_draws_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    from tools.rtf_history.__main__ import main  # noqa: PLC0415 (needs matplotlib)

    measured, text = tmp_path / "bench.json", tmp_path / "performance.md"
    measured.write_text(json.dumps(raw()))
    text.write_text(f"{page.BEGIN}{page.END}")
    folder, picture = tmp_path / "history", tmp_path / "history.png"
    options = ["--folder", str(folder), "--picture", str(picture), "--page", str(text)]

    monkeypatch.setattr("sys.argv", ["rtf_history", *options])
    assert main() == 1
    assert "no records" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["rtf_history", str(measured), *options])
    assert main() == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "### Bars" in text.read_text()
