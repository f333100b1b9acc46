"""How a text is read: its utterances, words and phones, without a model and without speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from muspeaker.config import SYMBOLS
from muspeaker.text.passages import Reading, read_text
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, STRESS_MARKS
from muspeaker.text.phonemize import canonical_language
from muspeaker.text.respelling import read_lexicon
from muspeaker.text.symbols import PAUSE, SILENCE, WORD_START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.passages import Passage
    from muspeaker.text.respelling import LexiconLike
    from muspeaker.text.tokens import Tokens

_MARKS = {stress: mark for mark, stress in STRESS_MARKS.items()}


@dataclass(frozen=True)
class SpokenWord:
    """A word as it is said.

    Attributes:
        text: The word.
        phones: Its phones, with the stress before the vowel; a space between several words.
        written: What stands in the text for it, such as `$5` for `five` and for `dollars`.
        start: First character of that in the text.
        end: The character after its last.
        mark: Punctuation after the word: one of `,.?!`, or empty.
    """

    text: str
    phones: str
    written: str
    start: int
    end: int
    mark: str


@dataclass(frozen=True)
class Utterance:
    """What is spoken in one breath.

    Attributes:
        words: The words, in order.
        phones: All phones, with the marks that are pauses.
        silence_before: Seconds of silence that a mark before it asks for.
        silence_after: Seconds of silence after it, at the usual speed.
    """

    words: tuple[SpokenWord, ...]
    phones: str
    silence_before: float
    silence_after: float

    @property
    def text(self) -> str:
        """The words as they are said, with their marks."""
        return " ".join(word.text + word.mark for word in self.words)


def read(
    text: str,
    *,
    language: str = "en-us",
    phonemes: bool = False,
    lexicon: LexiconLike | None = None,
    ssml: bool = False,
    skip_unreadable: bool = False,
    emoji: bool = False,
) -> list[Utterance]:
    """Read a text as a model of misaki's phones speaks it, without a model.

    Args:
        text: As for `Synthesizer.synthesize`, as are all the others.
        language: Tag such as "en-us" or "en-gb". Others than English are read by espeak-ng, in its phones.
        phonemes: Whether the text is phones already.
        lexicon: Words with another spelling or with phones: a dict, or the path of a TSV file.
        ssml: Whether the text is SSML.
        skip_unreadable: Whether letters that cannot be read are passed over with a warning, not refused.
        emoji: Whether emoji are read by their names; needs `muspeaker[emoji]`.

    Returns:
        The utterances, in order.

    Raises:
        TypeError: If an argument has another type.
        ValueError: If the text is empty, too long or cannot be read, or the language is unknown.
        RuntimeError: If the language needs espeak-ng, and that is not installed.
    """
    tag = canonical_language(language)
    symbols = MISAKI_SYMBOLS if tag.split("-")[0] == "en" else SYMBOLS
    reading = Reading(
        symbols=symbols,
        language=tag,
        phonemes=phonemes,
        lexicon=read_lexicon(lexicon),
        ssml=ssml,
        skip_unreadable=skip_unreadable,
        emoji=emoji,
    )
    return [_utterance(passage, symbols) for passage in read_text(text, reading)]


def _utterance(passage: Passage, symbols: Sequence[str]) -> Utterance:
    tokens = passage.tokens
    spelled = _spelled(tokens, symbols)
    words = tuple(
        SpokenWord(
            word.text,
            "".join(spelled[word.start : word.end]).strip(),
            word.written or word.text,
            *word.place,
            word.mark,
        )
        for word in tokens.words
    )
    return Utterance(words, "".join(spelled).strip(), passage.silence_before, passage.silence_after)


def _spelled(tokens: Tokens, symbols: Sequence[str]) -> list[str]:
    """Each token as it is written: a word's first after a space, silence not at all."""
    rows = (tokens.phones.tolist(), tokens.stresses.tolist(), tokens.boundaries.tolist())
    spelled: list[str] = []
    for phone, stress, boundary in zip(*rows, strict=True):
        symbol = symbols[phone]
        if boundary == PAUSE:
            spelled.append("" if symbol == SILENCE else symbol)
        else:
            space = " " if boundary == WORD_START else ""
            spelled.append(space + _MARKS.get(stress, "") + symbol)
    return spelled
