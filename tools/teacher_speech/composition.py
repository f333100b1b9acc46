"""What the prosody is read from: sentences, passages, questions, lists and short replies."""

from __future__ import annotations

from itertools import count

import numpy as np

from tools.teacher_speech.phrases import Phrases
from tools.teacher_speech.texts import on_one_line

KINDS = {"sentence": 0.45, "passage": 0.2, "question": 0.12, "list": 0.08, "reply": 0.15}
SPREAD = 0x7E  # keeps the choice of text apart from that of the voice, which has the same key
PASSAGE = (100, 360)  # characters, about as many as phones
ENDS = (".", "!", "?", "…", ":", ";", ",")


def compose(texts: list[str], key: list[int]) -> tuple[str, str]:
    """The kind and the text of the clip with this key.

    Args:
        texts: Sentences. A passage is neighbours, or sentences at an equal distance.
        key: Seed and number; the choice is a function of it and of the texts.
    """
    random = np.random.default_rng([*key, SPREAD])
    kind = str(random.choice(list(KINDS), p=list(KINDS.values())))
    first = int(random.integers(len(texts)))
    if kind == "question":
        return kind, Phrases(random).question()
    if kind == "list":
        return kind, Phrases(random).list_()
    if kind == "reply":
        return kind, Phrases(random).reply()
    if kind == "sentence":
        return kind, on_one_line(texts[first])
    length = int(random.integers(*PASSAGE))
    apart = random.integers(2, 3 + len(texts) // 10)
    step = int(random.choice([1, apart]))  # neighbours are alike where texts are sorted
    return kind, _passage(texts, first, step, length)


def _passage(texts: list[str], first: int, step: int, length: int) -> str:
    """Two sentences, and more while they have no more characters than `length`."""
    passage = ""
    for number in count():
        text = on_one_line(texts[(first + number * step) % len(texts)])
        longer = f"{passage} {_ended(text)}".strip()
        if number >= 2 and len(longer) > length:
            break
        passage = longer
    return passage


def _ended(text: str) -> str:
    bare = text.rstrip("\"'\u201d\u2019)")  # closing quotes too
    return text if bare.endswith(ENDS) else text + "."
