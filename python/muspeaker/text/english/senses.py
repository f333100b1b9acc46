"""Words with two readings of which their neighbours tell the one that is meant, such as `lead` before `pipe`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.lexicon import Accent

_TABLE = Path(__file__).with_name("senses.tsv")
_REACH = 2  # words back
_NEAR = 30  # words back and ahead that count as the sentence


class Sense(NamedTuple):
    """The rarer reading of a word, and what tells it.

    Attributes:
        tags: First letters of the parts of speech that it may be; any if there are none.
        where: `before`, `after` or `near`: where one of the next words stands.
        others: Those words, in small letters.
        phones: How the word is then said.
    """

    tags: tuple[str, ...]
    where: str
    others: frozenset[str]
    phones: str


@lru_cache(maxsize=2)
def senses(accent: Accent) -> dict[str, list[Sense]]:
    """The rarer readings of words, by their small letters."""
    found: dict[str, list[Sense]] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, tags, where, others, us, gb = line.split("\t")
            sense = Sense(
                tuple(tags.split()), where, frozenset(others.split()), gb if accent == "gb" else us
            )
            found.setdefault(word, []).append(sense)
    return found


def told_by_neighbours(
    words: Sequence[str], index: int, tag: str, among: dict[str, list[Sense]]
) -> str | None:
    """Phones of a word's rarer reading where its neighbours tell that, else None.

    Args:
        words: Words and marks of the sentence.
        index: Which of them is read.
        tag: Its part of speech.
        among: Readings from `senses`.
    """
    for sense in among.get(words[index].lower(), ()):
        if sense.tags and not tag.startswith(sense.tags):
            continue
        near = {
            "before": words[max(0, index - _REACH) : index],
            "after": words[index + 1 : index + 2],
            "near": words[max(0, index - _NEAR) : index + _NEAR],
        }[sense.where]
        if any(word.lower() in sense.others for word in near):
            return sense.phones
    return None
