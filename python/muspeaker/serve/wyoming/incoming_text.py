"""Text that arrives piece by piece, cut into sentences as soon as they are whole."""

from __future__ import annotations

import re

from muspeaker.text.normalize import normalize
from muspeaker.text.sentences import (
    PARAGRAPH_PAUSE_SECONDS,
    SENTENCE_PAUSE_SECONDS,
    Sentence,
    split_sentences,
)
from muspeaker.text.ssml import begins_ssml

_LOOK_AHEAD_CHARACTERS = 250
_PLACE = re.compile(r"[.?!。؟।…]+[\"')\]”\u2019]*(?=\s)|[。؟।]|\n\s*\n")


class IncomingText:
    """Collects pieces of a text and returns the sentences that are final.

    A cut is made where the sentence splitter, which sees numbers, titles and initials spelled out, would
    cut the text so far.

    Args:
        language: Language tag of espeak-ng, for the normalisation.
        max_characters: Limit on the characters of all pieces together.

    Attributes:
        unspoken: The remaining text once no more comes, where it has no letters.
    """

    def __init__(self, language: str, max_characters: int) -> None:
        self._language = language
        self._max_characters = max_characters
        self._num_characters = 0
        self._held = ""
        self.unspoken = ""

    def add(self, text: str) -> list[Sentence]:
        """Take the next piece; returns the sentences that are now complete, each with the pause after it.

        Raises:
            ValueError: If the text in all has become too long.
        """
        self._num_characters += len(text)
        if self._num_characters > self._max_characters:
            raise ValueError(
                f"text is too long: expected at most {self._max_characters} characters"
            )
        self._held += text
        if begins_ssml(self._held):
            return []  # it can be read as a whole only
        complete: list[Sentence] = []
        start = 0
        for match in _PLACE.finditer(self._held):
            if self._is_cut(start, match.end()):
                complete.append(self._sentence(start, match.end()))
                start = match.end()
        self._held = self._held[start:]
        return [sentence for sentence in complete if sentence.text]

    def finish(self) -> str:
        """The remaining text once no more comes; may be empty."""
        rest, self._held = self._held.strip(), ""
        self.unspoken = "" if _has_letters(rest) else rest
        return "" if self.unspoken else rest

    def _is_cut(self, start: int, end: int) -> bool:
        """Whether the splitter, too, cuts here, and something to speak has come after it."""
        seen = end + _LOOK_AHEAD_CHARACTERS
        if not _has_letters(self._held[end:seen]):
            return False
        before, after, whole = (
            self._pieces(text)
            for text in (self._held[start:end], self._held[end:seen], self._held[start:seen])
        )
        return before + after == whole

    def _pieces(self, text: str) -> list[str]:
        return [sentence.text for sentence in split_sentences(normalize(text, self._language))]

    def _sentence(self, start: int, end: int) -> Sentence:
        following = self._held[end : end + 16]
        gap = following[: len(following) - len(following.lstrip())]
        is_paragraph = re.search(r"\n\s*\n", self._held[start:end][-16:] + gap) is not None
        pause = PARAGRAPH_PAUSE_SECONDS if is_paragraph else SENTENCE_PAUSE_SECONDS
        text = self._held[start:end].strip()
        return Sentence(text if _has_letters(text) else "", pause)


def _has_letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
