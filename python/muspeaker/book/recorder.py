"""Speaking a book: piece by piece into a folder, so that it can go on where it stopped; then into one file."""

from __future__ import annotations

import hashlib
import io
import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import soundfile

from muspeaker.options import bounded, manner_of
from muspeaker.sound.audio import Audio
from muspeaker.sound.files import whole_file, write_whole
from muspeaker.sound.span import Span
from muspeaker.sound.writers import (
    WITH_BIT_RATE,
    WITHOUT_METADATA,
    known_suffix,
    open_writer,
)
from muspeaker.text.respelling import read_lexicon
from muspeaker.text.sentences import (
    PARAGRAPH_PAUSE_SECONDS,
    SENTENCE_PAUSE_SECONDS,
    split_sentences,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from muspeaker.book.contents import Book, Chapter
    from muspeaker.sound.writers import Writer
    from muspeaker.stream import SpeechStream
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

PIECE_CHARACTERS = (
    2000  # of several paragraphs: what is lost at most when it is stopped, about two minutes
)
PARAGRAPH_CHARACTERS = 20_000  # a longer one is cut, with the pause of a paragraph at the cut
CHAPTER_PAUSE_SECONDS = 1.5
DEFAULT_BIT_RATE = 64_000
PARTS_SUFFIX = ".parts"  # of the folder beside the file
NOTHING = "nothing to speak"

_KEPT = re.compile(r"[0-9a-f]{32}\.(?:flac|json)")


@dataclass(frozen=True)
class Piece:
    """A stretch of a chapter that is spoken and kept at a time.

    Attributes:
        chapter: Number of its chapter, from 0.
        text: What is said.
        is_last: Whether its chapter ends with it.
    """

    chapter: int
    text: str
    is_last: bool


@dataclass(frozen=True)
class Recorded:
    """What was written: times of chapters and words in the whole."""

    seconds: float
    chapters: list[Span]
    words: list[Span]


def pieces_of(book: Book) -> list[Piece]:
    """The pieces of a book, in their order. A chapter begins with its title."""
    pieces: list[Piece] = []
    for number, chapter in enumerate(book.chapters):
        texts = list(_packed(_paragraphs(chapter)))
        pieces += [Piece(number, text, text is texts[-1]) for text in texts]
    return pieces


def spoken(
    book: Book, tts: Synthesizer, voice: Voice, options: dict[str, Any]
) -> Iterator[tuple[Audio, int]]:
    """The chunks of a whole book as they are ready, each with the number of characters that are done."""
    done = 0
    for piece in pieces_of(book):
        for chunk, part in spoken_piece(piece, tts, voice, options):
            yield chunk, done + part
        done += len(piece.text)


def spoken_piece(
    piece: Piece, tts: Synthesizer, voice: Voice, options: dict[str, Any]
) -> Iterator[tuple[Audio, int]]:
    """The chunks of a piece, as those of `spoken`, and the silence after it.

    A piece without words, such as a row of asterisks, is but silence.
    """
    try:
        stream: SpeechStream | tuple[Audio, ...] = tts.stream(piece.text, voice, **options)
        total = max(1, getattr(stream, "num_words", 1))
    except ValueError as error:
        if not str(error).startswith(NOTHING):
            raise
        stream, total = (), 1
    words = 0
    for chunk in stream:
        words += len(chunk.words)
        yield chunk, len(piece.text) * words // total
    pause = options.get("pause")
    speed = bounded(
        "speed", float(options.get("speed", 1.0)) * manner_of(options.get("style")).speed
    )
    factor = 1 / speed if pause is None else float(pause) / SENTENCE_PAUSE_SECONDS
    seconds = CHAPTER_PAUSE_SECONDS if piece.is_last else PARAGRAPH_PAUSE_SECONDS * factor
    silence = np.zeros(round(seconds * tts.sample_rate), np.float32)
    yield Audio(silence, tts.sample_rate), len(piece.text)


class BookRecorder:
    """Speaks a book into a sound file.

    Args:
        tts: Model.
        voice: Voice of this model.
        options: Options of `Synthesizer.stream`.
        path: The file. Beside it is the folder of the pieces until it is complete.
        on_chunk: Called with each chunk as it is spoken; for a piece that was spoken before, with None.
            The second argument is the number of characters that are done.
    """

    def __init__(
        self,
        tts: Synthesizer,
        voice: Voice,
        options: dict[str, Any],
        path: Path,
        on_chunk: Callable[[Audio | None, int], None] = lambda *_: None,
    ) -> None:
        self._tts = tts
        self._voice = voice
        lexicon = read_lexicon(options.get("lexicon"))
        self._options = {**options, "lexicon": lexicon}
        self._path = path
        self._on_chunk = on_chunk
        self.folder = path.with_name(path.name + PARTS_SUFFIX)
        own = {name: value for name, value in options.items() if name != "style"}
        own["lexicon"] = lexicon and lexicon.fingerprint
        style = options.get("style")
        if isinstance(style, str):
            own["style"] = style
        manner = voice if style is None or isinstance(style, str) else style
        told = json.dumps([tts.fingerprint, own], sort_keys=True, default=str).encode()
        told += voice.vector.tobytes() + manner.style.tobytes()
        self._key = hashlib.sha256(told + (voice.changes.tobytes() if voice.changes else b""))

    def record(self, book: Book, *, bit_rate: int | None = None) -> Recorded:
        """Speak what was not spoken before, and write the whole file.

        Raises:
            ValueError: If a text cannot be spoken; the message has the number of its chapter.
            OSError: If a file cannot be written.
        """
        pieces = pieces_of(book)
        self._open(
            io.BytesIO(), book, [], bit_rate
        ).close()  # what cannot be written fails before hours of work
        self.folder.mkdir(exist_ok=True)
        done = 0
        for piece in pieces:
            if not self._is_kept(piece):
                try:
                    self._keep(piece, done)
                except ValueError as error:
                    raise ValueError(f"chapter {piece.chapter + 1}: {error}") from error
            done += len(piece.text)
            self._on_chunk(None, done)
        recorded = self._times(book, pieces)
        self._write(book, pieces, recorded, bit_rate)
        self._forget()
        return recorded

    def _forget(self) -> None:
        """Remove the pieces, and the folder if nothing of somebody else's is in it."""
        for path in self.folder.iterdir():
            if _KEPT.fullmatch(path.name):
                path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _place(self, piece: Piece) -> Path:
        """Where a piece is kept, without suffix: named after all that its sound depends on."""
        key = self._key.copy()
        key.update(f"{piece.is_last}\n{piece.text}".encode("utf-8", "replace"))
        return self.folder / key.hexdigest()[:32]

    def _is_kept(self, piece: Piece) -> bool:
        return self._place(piece).with_suffix(".json").is_file()

    def _keep(self, piece: Piece, done: int) -> None:
        chunks = []
        for chunk, part in spoken_piece(piece, self._tts, self._voice, self._options):
            chunks.append(chunk)
            self._on_chunk(chunk, done + part)
        audio = Audio.join(chunks)
        place = self._place(piece)
        write_whole(place.with_suffix(".flac"), audio.encode("flac"))
        about = {"samples": len(audio.samples), "words": [asdict(word) for word in audio.words]}
        write_whole(
            place.with_suffix(".json"), json.dumps(about).encode()
        )  # last: the piece is whole

    def _times(self, book: Book, pieces: list[Piece]) -> Recorded:
        rate = self._tts.sample_rate
        starts: dict[int, float] = {}
        words: list[Span] = []
        num_samples = 0
        for piece in pieces:
            start = num_samples / rate
            starts.setdefault(piece.chapter, start)
            about = json.loads(self._place(piece).with_suffix(".json").read_bytes())
            spans = [Span(**word) for word in about["words"]]
            words += [replace(w, start=w.start + start, end=w.end + start) for w in spans]
            num_samples += about["samples"]
        seconds = num_samples / rate
        ends = [*list(starts.values())[1:], seconds]
        chapters = [
            Span(book.chapters[number].title or f"{number + 1}", start, end)
            for (number, start), end in zip(starts.items(), ends, strict=True)
        ]
        return Recorded(seconds, chapters, words)

    def _write(
        self, book: Book, pieces: list[Piece], recorded: Recorded, bit_rate: int | None
    ) -> None:
        with whole_file(self._path) as partial, partial.open("w+b") as file:
            writer = self._open(file, book, recorded.chapters, bit_rate)
            for piece in pieces:
                kept = self._place(piece).with_suffix(".flac")
                samples, _ = soundfile.read(kept, dtype="float32")
                writer.write(samples)
            writer.close()

    def _open(
        self, file: IO[bytes], book: Book, chapters: Sequence[Span], bit_rate: int | None
    ) -> Writer:
        suffix = known_suffix(self._path.suffix)
        if bit_rate is None and suffix in WITH_BIT_RATE:
            bit_rate = DEFAULT_BIT_RATE
        metadata = {} if suffix in WITHOUT_METADATA else book_metadata(book, self._voice.name)
        return open_writer(
            file,
            suffix,
            self._tts.sample_rate,
            bit_rate=bit_rate,
            metadata=metadata,
            chapters=chapters,
        )


def book_metadata(book: Book, voice: str) -> dict[str, str]:
    """What players show of a spoken book. It says that the speech is synthetic."""
    told = {"title": book.title, "album": book.title, "artist": book.author, "genre": "Audiobook"}
    told["comment"] = f"Synthetic speech by muspeaker, voice {voice}"
    return {key: text for key, text in told.items() if text}


def _paragraphs(chapter: Chapter) -> Iterator[str]:
    """The title as a sentence, and the paragraphs; one that is very long in pieces."""
    title = chapter.title.strip()
    if title:
        yield title if title[-1] in ".?!:…" else f"{title}."
    for paragraph in chapter.text.split("\n\n"):
        if len(paragraph) <= PARAGRAPH_CHARACTERS:
            yield paragraph
            continue
        sentence_texts = (s.text for s in split_sentences(paragraph, PIECE_CHARACTERS))
        yield from _packed(sentence_texts, " ")


def _packed(texts: Iterator[str], gap: str = "\n\n") -> Iterator[str]:
    """Texts joined to as few as hold at most PIECE_CHARACTERS each; a longer one stands alone."""
    packed = ""
    for text in texts:
        if packed and len(packed) + len(gap) + len(text) > PIECE_CHARACTERS:
            yield packed
            packed = text
        else:
            packed = f"{packed}{gap}{text}" if packed else text
    if packed.strip():
        yield packed
