"""The phones of a corpus: token ids of every clip with a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from muspeaker.sound.files import whole_file
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import canonical_language, tokens_batch

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.train.corpus.cache import Cache

MIN_TOKENS = 4

ESPEAK_NAMES = {"zh": "cmn"}  # languages that espeak-ng has under another tag

TokenIds = dict[int, npt.NDArray[np.int32]]


def phonemized_as(language: str) -> str:
    """The language of espeak-ng whose phones a corpus tag gets, such as 'en-us' for 'en-zh'.

    Corpora tag accents that no phonemizer knows; subtags are dropped from the end until one is known.
    Source: RFC 4647, Section 3.4, "Lookup".

    Raises:
        ValueError: If not even the first subtag is a language of espeak-ng.
    """
    tag = language.replace("_", "-")
    while True:
        try:
            return canonical_language(ESPEAK_NAMES.get(tag, tag))
        except ValueError:
            tag, dash, _ = tag.rpartition("-")
            if not dash:
                return canonical_language(language)


def token_ids(cache: Cache, symbols: tuple[str, ...]) -> tuple[TokenIds, dict[str, str]]:
    """Ids of every clip with a text, and what was left out.

    Args:
        cache: The prepared corpus.
        symbols: The phones of the model, in the order of their ids.

    Returns:
        (3, tokens) phone, stress and boundary ids by clip number; reasons by clip id.
    """
    left_out = {clip.id: "it has no text" for clip in cache.clips if not clip.text}
    spoken: dict[tuple[str, str], npt.NDArray[np.int32] | str] = {}
    for language in sorted({clip.language for clip in cache.clips if clip.text}):
        texts = sorted({c.text for c in cache.clips if c.text and c.language == language})
        spelled: dict[str, str] = {}
        try:
            tag = phonemized_as(language)
            for text in texts:
                try:
                    spelled[text] = normalize(text, tag)
                except ValueError as error:  # of this text alone
                    spoken[language, text] = str(error)
            tokens = tokens_batch(list(spelled.values()), tag, symbols)
        except ValueError as error:
            spoken |= {(language, text): str(error) for text in texts}
            continue
        for text, t in zip(spelled, tokens, strict=True):
            reason = "nothing in its text can be spoken"
            spoken[language, text] = t.ids if t.has_speech else reason
    kept = {}
    for i, clip in enumerate(cache.clips):
        if not clip.text:
            continue
        ids = spoken[clip.language, clip.text]
        if isinstance(ids, str):
            left_out[clip.id] = ids
        elif MIN_TOKENS <= ids.shape[1] <= clip.frames:
            kept[i] = ids
        else:
            left_out[clip.id] = f"{ids.shape[1]} tokens for {clip.frames} frames"
    return kept, left_out


def save_tokens(path: Path, ids: TokenIds) -> None:
    """Write the ids of all clips, flattened."""
    numbers = sorted(ids)
    tokens = [ids[i] for i in numbers] or [np.zeros((3, 0), np.int32)]
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            numbers=np.array(numbers, np.int64),
            lengths=np.array([ids[i].shape[1] for i in numbers], np.int64),
            tokens=np.concatenate(tokens, axis=1),
        )


def load_tokens(path: Path) -> TokenIds:
    """Read what `save_tokens` wrote."""
    with np.load(path) as stored:
        cuts = np.split(stored["tokens"], np.cumsum(stored["lengths"])[:-1], axis=1)
        return (
            dict(zip(stored["numbers"].tolist(), cuts, strict=True))
            if len(stored["numbers"])
            else {}
        )
