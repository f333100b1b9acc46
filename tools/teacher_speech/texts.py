"""Sentences to be spoken, and the sentences that must not be."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from muspeaker.train.corpus.manifest import plain_words

if TYPE_CHECKING:
    from pathlib import Path


def read_texts(paths: list[Path]) -> list[str]:
    """Texts in the order of the files.

    Args:
        paths: Files of one sentence a line; or corpus manifests (`*.tsv`), of which the English
            texts are taken, each once, those in capitals as a sentence in lower case.

    Raises:
        ValueError: If there is no text.
    """
    texts = []
    for path in paths:
        if path.suffix == ".tsv":
            found = [row["text"] for row in _rows(path) if row["language"].startswith("en")]
            texts += [_cased(text) for text in dict.fromkeys(found) if len(text.split()) > 1]
        else:
            texts += [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise ValueError(f"no texts in {', '.join(map(str, paths))}")
    return texts


def read_held_out(paths: list[Path]) -> set[str]:
    """Plain words of the column `text` of tables of sentences that must not be trained on."""
    return {plain_words(row["text"]) for path in paths for row in _rows(path)}


def on_one_line(text: str) -> str:
    """The text with single spaces."""
    return re.sub(r"\s+", " ", text).strip()


def _cased(text: str) -> str:
    text = on_one_line(text)
    if text != text.upper():
        return text
    text = re.sub(r"\bi\b", "I", text.lower())
    return text[0].upper() + text[1:] + "."


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
