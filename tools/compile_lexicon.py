"""Compile misaki's English lexicons, and a table of words that they lack, into the file that the package reads.

  python tools/compile_lexicon.py --data misaki/data --names tools/names.tsv --out python/muspeaker/text/data

CMake runs this when the package is built, in whatever Python that build has: it needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMAT = Path(__file__).parents[1] / "python" / "muspeaker" / "text" / "lexicon_file.py"
_SPEC = importlib.util.spec_from_file_location("lexicon_file", _FORMAT)
assert _SPEC is not None
assert _SPEC.loader is not None
lexicon_file = importlib.util.module_from_spec(_SPEC)
sys.modules["lexicon_file"] = lexicon_file  # dataclasses look their module up
_SPEC.loader.exec_module(lexicon_file)

ACCENTS = ("us", "gb")
# misaki writes the tap and the glottal stop so to Kokoro, whose speech the models learn from.
_AS_SPOKEN = str.maketrans({"ɾ": "T", "ʔ": "t"})  # noqa: RUF001 (phones)


def read_accent(data: Path, accent: str) -> dict[str, lexicon_file.Entry]:
    """The entries of one accent: silver ones, and gold ones in their place where there are both."""
    entries = {}
    for kind in ("silver", "gold"):
        with (data / f"{accent}_{kind}.json").open(encoding="utf-8") as file:
            for word, value in json.load(file).items():
                readings = value if isinstance(value, dict) else {lexicon_file.DEFAULT: value}
                spoken = {
                    tag: phones and phones.translate(_AS_SPOKEN) for tag, phones in readings.items()
                }
                entries[word] = lexicon_file.Entry(spoken, is_gold=kind == "gold")
    return entries


def add_names(table: Path, accents: Sequence[dict[str, lexicon_file.Entry]]) -> None:
    """Add the words of a table that an accent lacks, whatever their capitals.

    Args:
        table: A word, its American phones and its British ones in each line; phones of words that are no names begin
            with `~`, and make a silver entry.
        accents: Entries of both accents, changed.
    """
    known = [{word.lower() for word in entries} for entries in accents]
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        word, *spoken = line.split("\t")
        for entries, has, phones in zip(accents, known, spoken, strict=True):
            if word.lower() not in has:
                reading = {lexicon_file.DEFAULT: phones.removeprefix("~")}
                entries[word] = lexicon_file.Entry(reading, is_gold=not phones.startswith("~"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of us_gold.json and so on")
    parser.add_argument("--names", type=Path, help="table of words that they lack")
    parser.add_argument("--out", type=Path, required=True, help="folder of the compiled file")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    accents = [read_accent(options.data, accent) for accent in ACCENTS]
    if options.names:
        add_names(options.names, accents)
    (options.out / "lexicon.bin").write_bytes(lexicon_file.pack_lexicon(*accents))


if __name__ == "__main__":
    main()
