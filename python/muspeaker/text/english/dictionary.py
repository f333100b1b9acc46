"""One English word to phones by the lexicon: readings by part of speech, endings, initials."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.text.english import endings, stress
from muspeaker.text.english.accents import before_final_e, without_accents
from muspeaker.text.english.affixes import with_affix
from muspeaker.text.english.weak_forms import SIGNS, Context, weak_form
from muspeaker.text.lexicon import reading, shipped_lexicon
from muspeaker.text.lexicon_file import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from muspeaker.text.lexicon import Accent, Lexicon

    class Maker(Protocol):
        """An ending's phones put to a stem's."""

        def __call__(self, stem: str, *, british: bool) -> str | None:
            """Phones of the whole word, or None."""

    StemFinder = Callable[[str, Callable[[str], bool]], str | None]

CACHED_READINGS = 4096

_BEFORE_PAUSE = "None"  # the lexicon's name for the reading before a pause
_TABLE = Path(__file__).with_name("more_words.tsv")
_NOT_IN_CAPITALS = frozenset(("de", "le", "ll"))
_INITIALS = re.compile(r"(?:[A-Za-z]{1,2}\.)+[A-Za-z]{0,2}\.?")


@lru_cache(maxsize=2)
def more_words(accent: Accent) -> dict[str, str]:
    """Phones of words that the lexicon lacks or has wrongly, by their small letters."""
    lines = _TABLE.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[0].lower(): row[2 if accent == "gb" else 1] for row in rows}


def word_classes(tag: str) -> tuple[str, ...]:
    """The lexicon's names for a part of speech, the narrow one first."""
    wide = {"VB": "VERB", "NN": "NOUN", "RB": "ADV", "JJ": "ADJ"}.get(tag[:2])
    return (tag, wide) if wide else (tag,)


class Dictionary:
    """Reads the words that the lexicon has, and those that are made of them.

    Args:
        accent: `us` or `gb`.
        lexicon: The package's own by default.
    """

    def __init__(self, accent: Accent, lexicon: Lexicon | None = None) -> None:
        self.british = accent == "gb"
        self.lexicon = lexicon or shipped_lexicon(accent)
        self._more = more_words(accent)
        self._read = lru_cache(maxsize=CACHED_READINGS)(self._read_uncached)

    def read(self, word: str, tag: str, context: Context) -> str | None:
        """Phones of a word, or None if neither the lexicon nor the rules know it.

        Args:
            word: As written, with plain apostrophes.
            tag: Its part of speech.
            context: What follows it.
        """
        return self._read(word, tag, context)

    def _read_uncached(self, word: str, tag: str, context: Context) -> str | None:
        written_out = SIGNS.get(word)
        if written_out:
            return self._look_up(written_out, "", context, stress.PLAIN)
        if "." in word and _INITIALS.fullmatch(word):
            return self.spelled(word)
        special = weak_form(word, tag, context, self.lexicon)
        return special if special is not None else self._read_plain(word, tag, context)

    def _read_plain(self, word: str, tag: str, context: Context) -> str | None:
        """Phones of a word whose form does not hang on its neighbours."""
        emphasis = stress.emphasis_of(word)
        final_e = None if word.isascii() else before_final_e(word)
        if final_e and word.lower().removesuffix(final_e[1].lower()) not in self._more:
            plain = self._read_plain(without_accents(word), tag, context)
            return plain if plain and plain.rstrip("z").endswith("A") else None
        written = word.lower() if self._is_shouted(word, tag) else word
        for form in _whole_forms(written):
            if self._is_known(form):
                return self._look_up(form, tag, context, emphasis)
        for stem, maker in self._stems(written.strip("'")):
            level = max(emphasis, stress.CAPITAL) if maker is endings.progressive else emphasis
            phones = self._look_up(stem, tag, context, level)
            made = maker(phones, british=self.british) if phones else None
            if made is not None:
                return made
        if not written.isalpha() or written[1:] != written[1:].lower():
            return None
        affixed = with_affix(written.lower(), self._whole_or_inflected, british=self.british)
        return stress.emphasised(affixed, emphasis) if affixed else None

    def _whole_or_inflected(self, word: str) -> str | None:
        """Phones of a word that the lexicon has, or has without its ending; None for another."""
        if self.lexicon.find(word) is not None or word in self._more:
            return self._look_up(word, "", Context(), stress.PLAIN)
        for stem, maker in self._stems(word):
            phones = self._look_up(stem, "", Context(), stress.PLAIN)
            return maker(phones, british=self.british) if phones else None
        return None

    def is_certain(self, word: str) -> bool:
        """Whether a word in small letters was checked, in the lexicon or in `more_words`."""
        return word in self._more or self.lexicon.gold(word) is not None

    def spelled(self, word: str) -> str | None:
        """Phones of a word's letters one by one, the last of them stressed. None if one has no name."""
        names: list[str] = []
        for letter in word:
            if letter.isalpha():
                entry = self.lexicon.gold(letter.upper())
                name = entry.readings[DEFAULT] if entry else None
                if name is None:
                    return None
                names.append(name)
        return stress.on_last("".join(names)) if names else None

    def letters(self, letters: str) -> str:
        """Phones of letters one by one, with or without 's at the end."""
        phones = self.spelled(letters.removesuffix("'s")) or ""
        is_plural = phones and letters.endswith("'s")
        return endings.plural(phones, british=self.british) if is_plural else phones

    def _look_up(self, word: str, tag: str, context: Context, emphasis: int) -> str | None:
        more = self._of_more(word)
        if more is not None:
            return more
        is_name = False
        if word == word.upper() and not self.lexicon.gold(word):
            word = word.lower()
            is_name = tag == "NNP"
        entry = self.lexicon.gold(word) if is_name else self.lexicon.find(word)
        phones = None
        if entry is not None:
            tags = word_classes(tag)
            before_pause = context.vowel_follows is None and _BEFORE_PAUSE in entry.readings
            phones = reading(entry, (_BEFORE_PAUSE,) if before_pause else tags)
        if phones is None or (is_name and stress.PRIMARY not in phones):
            letters = self.spelled(word)
            if letters is not None:
                return letters
        return stress.emphasised(phones, emphasis) if phones else None

    def _of_more(self, word: str) -> str | None:
        """Phones from the table of more words, in which initials such as DE are not parts of a name such as de Gaulle."""
        low = word.lower()
        return None if low in _NOT_IN_CAPITALS and word.isupper() else self._more.get(low)

    def _is_known(self, word: str) -> bool:
        """Whether `_look_up` has phones for it."""
        if self._of_more(word) is not None or self.lexicon.find(word) is not None:
            return True
        if not (word.isascii() and word.isalpha()):
            return False
        if len(word) == 1 or (word.isupper() and self.lexicon.gold(word.lower())):
            return True
        return word[1:].isupper()

    def _is_shouted(self, word: str, tag: str) -> bool:
        """Whether a word in capitals, or with one, is an ordinary word that is read in lower case."""
        low = word.lower()
        if len(word) < 2 or word == low or not word.replace("'", "").isalpha():
            return False
        if (tag == "NNP" and len(word) <= 7) or self.lexicon.find(word) is not None:
            return False
        if not (word.isupper() or word[1:] == word[1:].lower()):
            return False
        if self.lexicon.find(low) is not None or any(True for _ in self._stems(low)):
            return True
        return with_affix(low, self._whole_or_inflected, british=self.british) is not None

    def _stems(self, word: str) -> Iterator[tuple[str, Maker]]:
        """Known words that this one may be an inflection of, and what makes it of them."""
        for find, maker in _ENDINGS:
            stem = find(word, self._is_known)
            if stem is not None:
                yield stem, maker


def _whole_forms(word: str) -> Iterator[str]:
    """A word as it may stand in the lexicon."""
    yield word
    if word.endswith("s'"):
        yield word[:-2] + "'s"
    if word.endswith("'"):
        yield word[:-1]
    if word.startswith("'"):
        yield word[1:]


_ENDINGS: tuple[tuple[StemFinder, Maker], ...] = (
    (endings.stem_of_plural, endings.plural),
    (endings.stem_of_past, endings.past),
    (endings.stem_of_progressive, endings.progressive),
)
