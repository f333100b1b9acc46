"""English sentences to token ids, without espeak-ng."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.words import tagged_pieces
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, PAUSE_MARKS, parse_word
from muspeaker.text.tokens import TokenBuilder, Tokens, Word

if TYPE_CHECKING:
    from muspeaker.text.english.words import Piece
    from muspeaker.text.lexicon import Accent
    from muspeaker.text.respelling import PhonesAt, Pronounced

_PAUSES_ANYWHERE = frozenset("—…()")
_ENDS_MARKS = frozenset("\"'”’)]")


def english_accent(language: str) -> Accent:
    """The accent that a language tag is read in: US for `en` and `en-us`, GB for the others of English.

    Raises:
        ValueError: If the language is not English.
    """
    tag = language.lower().replace("_", "-")
    if tag.split("-")[0] != "en":
        raise ValueError(f"language {language!r} cannot be read with this model: expected English")
    return "us" if tag in {"en", "en-us", "en-us-nyc", "en-ca"} else "gb"


@lru_cache(maxsize=2)
def shared_reader(accent: Accent) -> EnglishPhones:
    """The reader of an accent, made once."""
    return EnglishPhones(accent)


def english_tokens(text: str, accent: Accent, given: PhonesAt | None = None) -> Tokens:
    """Tokens of one normalised sentence, as indices into `MISAKI_SYMBOLS`. Safe to call from several threads.

    Args:
        text: One sentence, numbers written out; digits are read one by one.
        accent: `us` or `gb`.
        given: Says of a place in the text whether a user gave phones for it.

    Raises:
        ValueError: If given phones are none of misaki's.
    """
    pieces = tagged_pieces(text)
    owners = [given(piece.start, piece.end) for piece in pieces] if given else None
    builder = TokenBuilder(MISAKI_SYMBOLS)
    for group, phones in shared_reader(accent).read(pieces, owners):
        first, last = pieces[group[0]], pieces[group[-1]]
        if not phones:
            if _is_pause(first, text):
                builder.mark(PAUSE_MARKS[first.text])
            continue
        start = len(builder.phones)
        for word in phones.split():
            builder.word(parse_word(word))
        owner = owners[group[0]] if owners else None
        written = text[first.start : last.end]
        if owner is not None:
            written = owner.word + written[-2:] * _is_possessive(written, owner)
        place = (first.start, last.end)
        shown = "" if owner is None else written
        builder.words.append(Word(written, start, len(builder.phones), place=place, written=shown))
    return builder.finish()


def _is_possessive(written: str, owner: Pronounced) -> bool:
    return written.lower().endswith("'s") and not owner.word.lower().endswith("'s")


def _is_pause(piece: Piece, text: str) -> bool:
    """Whether a mark is a pause: one inside of a word, as in 3.50 or example.com, is none."""
    if piece.text not in PAUSE_MARKS:
        return False
    if piece.text in _PAUSES_ANYWHERE or piece.end == len(text):
        return True
    after = text[piece.end]
    return after.isspace() or after in _ENDS_MARKS or after in PAUSE_MARKS
