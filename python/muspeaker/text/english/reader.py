"""English words to phones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from muspeaker.text.english import endings, stress
from muspeaker.text.english.accents import before_final_e, without_accents
from muspeaker.text.english.dictionary import Dictionary
from muspeaker.text.english.last_vowels import with_last_vowel
from muspeaker.text.english.senses import senses, told_by_neighbours
from muspeaker.text.english.weak_forms import Context, with_letters, with_linking_r
from muspeaker.text.english.words import (
    DRAWN_OUT,
    PHRASE_ENDS,
    Piece,
    are_letters,
    groups,
    is_initials,
    split_case,
    tagged_pieces,
)
from muspeaker.text.letter_to_sound import shipped_letter_to_sound
from muspeaker.text.phone_sets import by_hand
from muspeaker.text.tagger import shipped_tagger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.letter_to_sound import LetterToSound
    from muspeaker.text.lexicon import Accent, Lexicon
    from muspeaker.text.respelling import Pronounced
    from muspeaker.text.tagger import Tagger

MAX_PARTS = 15  # hyphens included; a word of more is read part by part

# After a word that begins a sentence, these tell that it is a verb.
_DETERMINERS = frozenset(
    ("the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "that", "these", "those", "it", "them")
)  # fmt: skip
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class EnglishPhones:
    """Reads English words in one accent. Safe to use from several threads.

    Args:
        accent: `us` or `gb`.
        lexicon: Pronunciations of known words. Defaults to the package's own, as the next two do.
        tagger: Tagger that tells apart words with two readings.
        letter_to_sound: Network that reads words that the lexicon lacks.
    """

    def __init__(
        self,
        accent: Accent,
        lexicon: Lexicon | None = None,
        tagger: Tagger | None = None,
        letter_to_sound: LetterToSound | None = None,
    ) -> None:
        self.accent = accent
        self.dictionary = Dictionary(accent, lexicon)
        self._senses = senses(accent)
        self.tagger = tagger or shipped_tagger()
        self._letter_to_sound = letter_to_sound

    @property
    def letter_to_sound(self) -> LetterToSound:
        """The network for unknown words; the package's own is loaded when it is first needed."""
        return self._letter_to_sound or shipped_letter_to_sound(self.accent)

    def __call__(self, words: Sequence[str]) -> list[str]:
        """Phones of the words of one sentence.

        Args:
            words: Words with or without marks at their ends; a mark may also stand alone. Numbers should be
                written out: digits are read one by one.

        Returns:
            One string for each, in misaki's phones; empty where there is nothing to say. A space stands in it
            where one written word is several spoken ones.
        """
        ends: list[int] = []
        text = ""
        for word in words:
            text += f"{word} "
            ends.append(len(text))
        pieces = tagged_pieces(text)
        spoken = [""] * len(words)
        owner = 0
        for group, phones in self.read(pieces):
            while pieces[group[0]].end > ends[owner]:
                owner += 1
            spoken[owner] = f"{spoken[owner]} {phones}".strip()
        return spoken

    def read(
        self, pieces: Sequence[Piece], owners: Sequence[Pronounced | None] | None = None
    ) -> list[tuple[list[int], str]]:
        """Phones of the written words of one sentence.

        Args:
            pieces: Pieces from `tagged_pieces`.
            owners: For each piece the phones that a user gave for it and maybe for its neighbours, or None.

        Returns:
            For each written word the indices of its pieces, and its phones; empty for a mark.
        """
        texts = [piece.text for piece in pieces]
        tags = with_letters(texts, self._with_imperative(pieces, self.tagger(texts)))
        context = Context()
        found: list[tuple[list[int], str]] = []
        written = list(groups(pieces))
        for group in reversed(_by_owner(written, owners, pieces) if owners else written):
            first = pieces[group[0]]
            owner = owners[group[0]] if owners else None
            phones = ""
            if owner is not None:
                phones = self._given(owner, pieces[group[-1]].text)
                context = context.before(owner.word, "NNP", phones)
            elif are_letters(group, pieces):
                letters = "".join(pieces[i].text for i in group)
                phones = self._linked(letters, self.dictionary.letters(letters), context)
                context = context.before(letters, "NNP", phones)
            elif first.is_spoken:
                told = told_by_neighbours(texts, group[0], tags[group[0]], self._senses)
                parts = [(texts[i], tags[i]) for i in group]
                if told and len(group) == 1:
                    phones = self._linked(parts[0][0], told, context)
                    context = context.before(*parts[0], told)
                else:
                    phones, context = self._read_group(parts, context)
            elif first.text in PHRASE_ENDS or (first.text == "-" and not first.is_glued):
                context = Context()
            else:
                sign = self.dictionary.read(first.text, "", context)
                phones = sign or ""
                context = context.before(first.text, "", phones)
            found.append((group, phones))
        return found[::-1]

    def _given(self, owner: Pronounced, written: str) -> str:
        """The phones that a user gave, with -s for a possessive."""
        phones = by_hand(owner.phones)
        is_possessive = written.lower().endswith("'s") and not owner.word.lower().endswith("'s")
        return endings.plural(phones, british=self.accent == "gb") if is_possessive else phones

    def _linked(self, word: str, phones: str, context: Context) -> str:
        return with_linking_r(word, phones, context) if self.accent == "gb" else phones

    def _with_imperative(self, pieces: Sequence[Piece], tags: list[str]) -> list[str]:
        """The tags, with a verb where one may begin a sentence before an article: `Wind the clock`."""
        first = next((i for i, piece in enumerate(pieces) if piece.is_spoken), len(pieces))
        if first + 1 >= len(pieces) or tags[first].startswith("VB"):
            return tags
        if pieces[first + 1].text not in _DETERMINERS:
            return tags
        entry = self.dictionary.lexicon.find(pieces[first].text)
        if entry is None or "VERB" not in entry.readings:
            return tags
        return [*tags[:first], "VB", *tags[first + 1 :]]

    def _read_group(self, parts: list[tuple[str, str]], context: Context) -> tuple[str, Context]:
        """One written word: the longest known parts, from the last backwards."""
        if len(parts) == 1:
            text, tag = parts[0]
            phones = self.dictionary.read(text, tag, context)
            if phones is None:
                phones = self._unknown(text, tag, context)
            phones = self._linked(text, phones, context)
            return phones, context.before(text, tag, phones) if phones else context
        read: list[tuple[str, str]] = []
        right = len(parts)
        reach = len(parts) if len(parts) <= MAX_PARTS else 1
        while right:
            left, phones = self._longest(parts[:right], context, reach)
            text = "".join(part for part, _ in parts[left:right])
            phones = self._linked(text, phones, context)
            if phones:
                context = context.before(text, _main_tag(parts[left:right]), phones)
            read.append((text, phones))
            right = left
        read.reverse()
        if any(text[0].isdigit() or text == "/" for text, _ in read):
            return " ".join(phones for _, phones in read if phones), context
        return "".join(stress.of_compound(read)), context

    def _longest(
        self, parts: list[tuple[str, str]], context: Context, reach: int
    ) -> tuple[int, str]:
        """Where the longest known word begins that ends these parts, and its phones.

        Args:
            parts: Text and tag of each.
            context: Context from the words that follow.
            reach: Largest number of parts of such a word.
        """
        for left in range(max(0, len(parts) - reach), len(parts)):
            text = "".join(part for part, _ in parts[left:])
            if len(parts) - left > 1 or text.isalpha() or "'" in text or text == "&":
                phones = self.dictionary.read(text, _main_tag(parts[left:]), context)
                if phones is not None:
                    return left, phones
        text, tag = parts[-1]
        return len(parts) - 1, self._unknown(text, tag, context)

    def _unknown(self, text: str, tag: str, context: Context) -> str:
        """Phones of one part that no rule knows."""
        if text.isdigit():
            read = (self.dictionary.read(_DIGITS[int(d)], "CD", context) for d in text)
            return " ".join(phones for phones in read if phones)
        if not text.strip("'").isalpha() and not any(letter.isalpha() for letter in text):
            return ""
        split = split_case(text)
        if len(split) > 1:
            phones, _ = self._read_group([(part, tag) for part in split], context)
            return phones
        final_e = before_final_e(text)
        if final_e:
            stem = self.letter_to_sound(without_accents(final_e[0]))
            return stress.on_last(f"{stem}ˈA") + "z" * bool(final_e[1])
        phones = self._by_letters(text, tag, context)
        return stress.emphasised(phones, stress.emphasis_of(text)) if phones else ""

    def _by_letters(self, text: str, tag: str, context: Context) -> str:
        """Phones of a word without capitals inside that no rule knows."""
        word = _POSSESSIVE.sub("", text.strip("'"))
        phones = self._drawn_out(word, tag, context)
        if phones is None and is_initials(word) and text in {word, f"{word}'s"}:
            phones = self.dictionary.letters(word.removesuffix("s") + "'s" * word.endswith("s"))
        if not phones:
            phones = with_last_vowel(word.lower(), self.letter_to_sound(word), self.accent)
        is_possessive = phones and _POSSESSIVE.search(text.strip("'"))
        return endings.plural(phones, british=self.accent == "gb") if is_possessive else phones

    def _drawn_out(self, word: str, tag: str, context: Context) -> str | None:
        """Phones of a word with a letter three times, such as `pleeease`, by the word with it once or twice."""
        for times in (r"\1\1", r"\1"):
            shorter = DRAWN_OUT.sub(times, word)
            if 1 < len(shorter) < len(word) and self.dictionary.is_certain(shorter.lower()):
                return self.dictionary.read(shorter, tag, context)
        return None


_POSSESSIVE = re.compile("'[sS]$")


def _by_owner(
    written: Sequence[list[int]], owners: Sequence[Pronounced | None], pieces: Sequence[Piece]
) -> list[list[int]]:
    """Words of pieces, cut and joined so that each has what one owner's phones are for, or nothing of it."""
    found: list[list[int]] = []
    for group in written:
        begins = True
        for index in group:
            owner = owners[index]
            is_same = bool(found) and owners[found[-1][-1]] is owner
            if is_same and (owner is not None or not begins):
                found[-1].append(index)
            else:
                found.append([index])
            # a hyphen after given phones is no part of a word
            begins = owner is None and not pieces[found[-1][0]].is_spoken
    return found


def _main_tag(parts: Sequence[tuple[str, str]]) -> str:
    """The tag of the part with the most letters, where capitals count twice."""
    return max(parts, key=lambda part: len(part[0]) + sum(c.isupper() for c in part[0]))[1]
