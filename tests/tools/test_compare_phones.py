"""Our phones beside misaki's in a hundred sentences; docs/phones.md has the figures of two thousand.

`misaki_us.tsv` and `misaki_gb.tsv` are what `tools.compare_phones reference` wrote of each twentieth of them: sentences
of Common Voice (CC0), read by misaki 0.9.4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compare_phones import compare, differences

MOST = 0.015


def reference(accent: str) -> Path:
    return Path(__file__).with_name(f"misaki_{accent}.tsv")


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_hardly_any_phone_is_another_than_misakis(accent: str) -> None:
    lines = reference(accent).read_text("utf-8").splitlines()
    totals, words = differences(lines, accent)
    assert len(lines) == 100
    assert totals["phones"] > 3500
    assert totals["differ with stress"] <= MOST * totals["phones"], words.most_common()


def test_another_accent_differs_much() -> None:
    totals, _ = differences(reference("gb").read_text("utf-8").splitlines()[:20], "us")
    assert totals["differ"] > 5 * MOST * totals["phones"]


def test_words_that_differ_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reference.tsv"
    path.write_text(
        'a cat 😀 zz\t[[0,1,"ɐ"],[2,5,"kˈʌt"],[6,7,"❓"],[8,10,"❓"]]\n', encoding="utf-8"
    )
    compare(path, "us", show=5)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "4 phones; 1 words that the reference does not read are left out"
    assert told[1].endswith("0.2500")
    assert told[-1].split() == ["1", "cat:", "kˈʌt", "/", "kˈæt"]
