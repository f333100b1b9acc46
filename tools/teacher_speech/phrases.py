"""Questions, lists and short replies: what corpora of read sentences lack."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FORMS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


class Phrases:
    """Phrases of the forms and words in `phrases.toml`.

    Args:
        random: Where the choices come from.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def question(self) -> str:
        """A question: with a question word, yes or no, a choice, or a tag."""
        return self._sentence(self._one(FORMS["questions"]))

    def list_(self) -> str:
        """Three to six things, people, days, months or numbers."""
        kind = self._one(FORMS["kinds"])
        *items, last = [self._filled(kind) for _ in range(self._random.integers(3, 7))]
        end = f"{self._one(FORMS['joints'])} {last}{self._one(FORMS['finals'])}"
        return self._sentence(f"{self._one(FORMS['lists'])} {', '.join(items)}{end}".strip())

    def reply(self) -> str:
        """Few words that are a whole utterance, without a final mark now and then."""
        return self._sentence(self._one(FORMS["replies"]))

    def _sentence(self, form: str) -> str:
        text = self._filled(form)
        return text[0].upper() + text[1:]

    def _filled(self, form: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda slot: self._filled(self._word(slot[1])), form)

    def _word(self, slot: str) -> str:
        number = self._random.integers
        match slot:
            case "number":
                return str(number(2, 10 ** number(1, 5) + 2))
            case "year":
                return str(number(1700, 2040))
            case "clock":
                return f"{number(1, 13)}:{number(10, 60)}"
            case "price":
                return f"${number(1, 100)}.{number(10, 100)}"
        return self._one(FORMS["words"][slot])

    def _one(self, words: list[str]) -> str:
        return words[self._random.integers(len(words))]
