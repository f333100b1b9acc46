"""Text to token ids: by the lexicon for models with misaki's phones, else by espeak-ng."""

from __future__ import annotations

import itertools
import re
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muspeaker.text import symbols as sym
from muspeaker.text.english.tokens import english_accent, english_tokens
from muspeaker.text.letter_runs import with_stops, words_with_stops
from muspeaker.text.phone_sets import phone_set
from muspeaker.text.tokens import TokenBuilder, Tokens, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.respelling import PhonesAt


# A run of marks counts as a pause where a space, a closing quote or the end follows, so that 3.50,
# 5:30 and example.com stay whole.
_PAUSE = re.compile(r"\s*([,.?!;:—–…¿¡。、؟।]+)(?=[\s\"'”’)\]]|$)|\s*([—…。、।])\s*")
_WORD = re.compile(r"\S+")
_AROUND = "\"'()[]"
_LANGUAGE_SWITCH = re.compile(r"\([a-z][a-z0-9-]*\)")
MAX_DATA_PATH_BYTES = 140  # espeak-ng's buffer holds 160 with the names of its files
_OURS = frozenset({"en-us", "en-gb"})  # known without asking espeak-ng
_LOCK = threading.Lock()  # espeak-ng keeps global state
_ENGINES: dict[str, Any] = {}


def canonical_language(language: str) -> str:
    """Bring a language tag to espeak-ng's spelling.

    Raises:
        TypeError: If the tag is not a string.
        ValueError: If espeak-ng has no such language.
    """
    if not isinstance(language, str):
        raise TypeError(f"language must be a str such as 'en-us', got {type(language).__name__}")
    tag = language.strip().lower().replace("_", "-")
    tag = {"en": "en-us", "english": "en-us"}.get(tag, tag)
    if tag not in _OURS and tag not in available_languages():
        import difflib  # noqa: PLC0415 (of mistakes)

        near = difflib.get_close_matches(tag, available_languages(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"unknown language {language!r}: expected a tag such as 'en-us'{hint}")
    return tag


@lru_cache(maxsize=1)
def available_languages() -> frozenset[str]:
    """Language tags that espeak-ng can phonemise."""
    with _LOCK:
        return frozenset(voice.language for voice in _new_engine().available_voices())


@lru_cache(maxsize=1)
def _wrapper_class() -> Any:
    # Here, since it brings half a second of imports with it, and models with misaki's phones need none of it.
    try:
        import espeakng_loader  # noqa: PLC0415 (English of newer models needs no espeak-ng)
        from phonemizer.backend.espeak.wrapper import EspeakWrapper  # noqa: PLC0415 (likewise)
    except ImportError as error:
        message = f"{error.name} is missing, which this model's phones or language need"
        raise RuntimeError(f"{message}: pip install 'muspeaker[espeak]'") from error

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(_short_path(espeakng_loader.get_data_path()))
    return EspeakWrapper


def _new_engine() -> Any:
    """An espeak-ng of its own, which phonemizer loads from a copy; a process that is killed would leave that behind."""
    engine = _wrapper_class()()
    if sys.platform != "win32":  # where a file that is in use cannot be removed
        for copied in Path(engine._espeak._tempdir).iterdir():
            copied.unlink()
    return engine


def _short_path(path: str) -> str:
    """A path that fits espeak-ng's buffer; it ends the process when its data is not found."""
    if len(path.encode()) < MAX_DATA_PATH_BYTES:
        return path
    import atexit  # noqa: PLC0415 (rare)
    import shutil  # noqa: PLC0415 (rare)
    import tempfile  # noqa: PLC0415 (rare)

    folder = tempfile.mkdtemp(prefix="muspeaker-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for entry in Path(path).iterdir():  # a link to the whole would be resolved by phonemizer
        (Path(folder) / entry.name).symlink_to(entry)
    return folder


def _espeak(texts: Sequence[str], language: str) -> list[str]:
    """Raw phones of espeak-ng: `_` between phones, spaces between words."""
    with _LOCK:
        engine = _ENGINES.get(language)
        if engine is None:
            engine = _new_engine()
            engine.set_voice(language)
            _ENGINES[language] = engine
        raw = [engine.text_to_phonemes(text, tie=False) for text in texts]
    return [_LANGUAGE_SWITCH.sub("", phones) for phones in raw]


@lru_cache(maxsize=8192)
def _espeak_word(word: str, language: str) -> str:
    return _espeak([word], language)[0]


def tokens(
    text: str,
    language: str,
    symbols: Sequence[str],
    *,
    phonemes: bool = False,
    given: PhonesAt | None = None,
) -> Tokens:
    """Turn one normalised sentence into token ids. Safe to call from several threads.

    Args:
        text: One sentence, from `normalize` and `split_sentences`; with `phonemes`, IPA.
        language: Tag of espeak-ng.
        symbols: The model's symbols; they decide who reads.
        phonemes: The text is phones already: words apart by spaces, stress by `ˈ` and `ˌ`.
        given: Says of a place in the text whether a user gave phones for it.

    Raises:
        ValueError: If the language is unknown, or a character of the phones is.
        RuntimeError: If espeak-ng is needed and not installed.
    """
    if phonemes and phone_set(tuple(symbols)) == "misaki":
        from muspeaker.text.misaki_tokens import tokens_of_misaki  # noqa: PLC0415 (rare)

        return tokens_of_misaki(text)[0]
    if phonemes:
        return _from_phonemes(text, tuple(symbols))
    if given is None:
        return tokens_batch([text], language, symbols)[0]
    if phone_set(tuple(symbols)) == "misaki":
        return english_tokens(text, english_accent(canonical_language(language)), given)
    return _with_given(text, canonical_language(language), tuple(symbols), given)


def tokens_batch(texts: Sequence[str], language: str, symbols: Sequence[str]) -> list[Tokens]:
    """`tokens` for many sentences, with one pass through espeak-ng."""
    language = canonical_language(language)
    table = tuple(symbols)
    if phone_set(table) == "misaki":
        accent = english_accent(language)
        return [english_tokens(text, accent) for text in texts]
    clauses = [_clauses(text) for text in texts]
    raw = iter(
        _espeak([with_stops(clause.text) for pieces in clauses for clause in pieces], language)
    )
    batch = []
    for pieces in clauses:
        builder = TokenBuilder(table)
        for clause in pieces:
            _add_clause(builder, clause, next(raw), language)
            if clause.mark:
                builder.mark(clause.mark)
        batch.append(builder.finish())
    return batch


def _with_given(text: str, language: str, table: tuple[str, ...], given: PhonesAt) -> Tokens:
    """`tokens` of espeak-ng, with the phones that a user gave for some of the words."""
    builder = TokenBuilder(table)
    for clause in _clauses(text):
        words = [(clause.start + w.start(), w[0]) for w in _WORD.finditer(clause.text)]
        owners = [given(at, at + len(word)) for at, word in words]
        for owner, run in itertools.groupby(zip(words, owners, strict=True), lambda item: item[1]):
            places = [word for word, _ in run]
            start, end = places[0][0], places[-1][0] + len(places[-1][1])
            if owner is None:
                part = _Clause(text[start:end], "", start)
                _add_clause(builder, part, _espeak([with_stops(part.text)], language)[0], language)
                continue
            first = len(builder.phones)
            for word in sym.separate_user_phones(owner.phones).split():
                builder.word(sym.parse_word(word, table))
            builder.words.append(
                Word(owner.word, first, len(builder.phones), place=(start, end), written=owner.word)
            )
        if clause.mark:
            builder.mark(clause.mark)
    return builder.finish()


@dataclass(frozen=True)
class _Clause:
    """A piece between pauses, its place in the sentence, and the mark that ends it, or an empty string."""

    text: str
    mark: str
    start: int


def _clauses(text: str) -> list[_Clause]:
    pieces: list[_Clause] = []
    position = 0
    for match in _PAUSE.finditer(text):
        marks = match.group(1) or match.group(2)
        pieces.append(_clause(text, position, match.start(), _strongest(marks)))
        position = match.end()
    pieces.append(_clause(text, position, len(text), ""))
    return [piece for piece in pieces if piece.text or piece.mark]


def _clause(text: str, start: int, end: int, mark: str) -> _Clause:
    piece = text[start:end]
    return _Clause(piece.strip(), mark, start + len(piece) - len(piece.lstrip()))


def _strongest(marks: str) -> str:
    kinds = [sym.PUNCTUATION[mark] for mark in marks]
    return next((kind for kind in "?!." if kind in kinds), ",")


def _add_clause(builder: TokenBuilder, clause: _Clause, raw: str, language: str) -> None:
    spoken = [sym.parse_word(word, builder.symbols) for word in raw.split()]
    spoken = [pairs for pairs in spoken if pairs]
    start = len(builder.phones)
    for pairs in spoken:
        builder.word(pairs)
    written = [
        (clause.start + at, clause.start + end, word)
        for at, end, word in words_with_stops(clause.text)
        if any(letter.isalnum() for letter in word)
    ]
    counts = _word_ends([word for _, _, word in written], spoken, language, builder.symbols)
    for (at, end, word), count in zip(written, counts, strict=True):
        place = (
            at + len(word) - len(word.lstrip(_AROUND)),
            end - len(word) + len(word.rstrip(_AROUND)),
        )
        builder.words.append(Word(word.strip(_AROUND), start, start + count, place=place))
        start += count


def _word_ends(
    written: list[str], spoken: list[list[tuple[str, int]]], language: str, symbols: tuple[str, ...]
) -> list[int]:
    """Number of phones that belong to each written word.

    espeak-ng joins short words ("in the") and speaks numbers in several; then each word is spoken
    alone and the two phone strings are aligned.
    """
    plain = all(not any(letter.isdigit() for letter in word) for word in written)
    if len(written) == len(spoken) and plain:
        return [len(pairs) for pairs in spoken]
    if not written:
        return []
    alone: list[str] = []
    owners: list[int] = []
    for index, word in enumerate(written):
        pairs = [
            p
            for part in _espeak_word(word, language).split()
            for p in sym.parse_word(part, symbols)
        ]
        alone += [phone for phone, _ in pairs]
        owners += [index] * len(pairs)
    together = [phone for pairs in spoken for phone, _ in pairs]
    counts = [0] * len(written)
    if not owners:
        counts[-1] = len(together)
        return counts
    import difflib  # noqa: PLC0415 (English of newer models needs none of it)

    matcher = difflib.SequenceMatcher(None, alone, together, autojunk=False)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for j in range(j1, j2):
            i = i1 + (j - j1) * (i2 - i1) // (j2 - j1)
            counts[owners[min(i, len(owners) - 1)]] += 1
    return counts


def _from_phonemes(text: str, symbols: tuple[str, ...]) -> Tokens:
    builder = TokenBuilder(symbols)
    for clause in _clauses(sym.separate_user_phones(text)):
        for word in clause.text.split():
            start = len(builder.phones)
            pairs = sym.parse_word(word, symbols)
            builder.word(pairs)
            if pairs:
                builder.words.append(Word(word.replace("_", ""), start, len(builder.phones)))
        if clause.mark:
            builder.mark(clause.mark)
    return builder.finish()
