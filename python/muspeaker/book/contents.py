"""Books as chapters of text, from plain text, Markdown, web pages and EPUB."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from muspeaker.sound.files import check_readable
from muspeaker.text.encodings import decoded

MAX_FILE_BYTES = 64 * 1024 * 1024
TEXT_SUFFIXES = (".txt", ".md", ".text")
PAGE_SUFFIXES = (".html", ".htm", ".xhtml")
EPUB_SUFFIX = ".epub"
SUFFIXES = (*TEXT_SUFFIXES, *PAGE_SUFFIXES, EPUB_SUFFIX)

_HEADING = re.compile(
    r"(?:#{1,2}\s+(?P<marked>\S.{0,100})"
    r"|(?P<named>(?:chapter|part|book|act|section|letter|prologue|epilogue|preface|foreword|introduction|afterword)"
    r"\b.{0,80}))",
    re.IGNORECASE,
)
# What Project Gutenberg writes around a text.
_LICENCE = re.compile(r"^\s*\*\*\* ?(START|END) OF .{1,300}?\*\*\*\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """A chapter: its title, which may be empty, and its text in paragraphs apart by blank lines."""

    title: str
    text: str


@dataclass(frozen=True)
class Book:
    """A book.

    Attributes:
        title: Title; the name of the file where none is stated.
        author: Who wrote it; may be empty.
        chapters: At least one, each with words.
    """

    title: str
    author: str
    chapters: tuple[Chapter, ...]


def read_book(path: str | os.PathLike[str]) -> Book:
    """Read a book or a page.

    Args:
        path: Plain text or Markdown, a web page, or an EPUB file, by its suffix; any other is plain text.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is damaged, protected or too large, its bytes are neither UTF-8 nor UTF-16, or it has no
            words.
    """
    path = Path(os.fspath(path))
    check_readable(path, "book")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(
            f"book {str(path)!r} is too large: expected at most {MAX_FILE_BYTES >> 20} MiB"
        )
    suffix = path.suffix.lower()
    if suffix == EPUB_SUFFIX:
        from muspeaker.book.epub import read_epub  # noqa: PLC0415 (it makes Books)

        book = read_epub(path)
    elif suffix in PAGE_SUFFIXES:
        from muspeaker.book.page import read_page  # noqa: PLC0415 (likewise)

        page = read_page(decoded(path.read_bytes(), f"page {str(path)!r}"))
        book = Book(page.title, page.author, tuple(Chapter(*c) for c in page.chapters))
    else:
        book = Book(
            "", "", tuple(plain_chapters(decoded(path.read_bytes(), f"book {str(path)!r}")))
        )
    return _checked(book, path)


def plain_chapters(text: str) -> list[Chapter]:
    """Chapters of a plain text or of Markdown.

    A heading is a line between blank ones that begins with `#` or `##`, or with a word such as Chapter.
    """
    text = _without_licence(text.replace("\r\n", "\n").replace("\r", "\n"))
    chapters: list[tuple[str, list[str]]] = [("", [])]
    for paragraph in re.split(r"\n[ \t]*\n\s*", text.strip()):
        heading = None if "\n" in paragraph.strip() else _HEADING.fullmatch(paragraph.strip())
        if heading is None:
            chapters[-1][1].append(paragraph.strip())
        else:
            chapters.append(((heading["marked"] or heading["named"]).strip(" #"), []))
    return [Chapter(title, "\n\n".join(paragraphs)) for title, paragraphs in chapters]


def _without_licence(text: str) -> str:
    marks = list(_LICENCE.finditer(text))
    starts = [mark.end() for mark in marks if mark[1] == "START"]
    ends = [mark.start() for mark in marks if mark[1] == "END"]
    return text[starts[0] if starts else 0 : ends[-1] if ends else len(text)]


def _checked(book: Book, path: Path) -> Book:
    """The book without empty chapters and with a title."""
    chapters = tuple(
        chapter
        for chapter in book.chapters
        if any(letter.isalnum() for letter in chapter.title + chapter.text)
    )
    if not chapters:
        raise ValueError(f"book {str(path)!r} has no words")
    return Book(book.title or path.stem, book.author, chapters)
