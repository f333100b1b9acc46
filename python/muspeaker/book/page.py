"""The text of a web page, in chapters by its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = frozenset(["address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"])  # fmt: skip
HIDDEN = frozenset(
    ("audio", "button", "canvas", "head", "iframe", "math", "nav", "noscript", "object", "script", "select",
     "style", "svg", "template", "textarea", "video", "rt", "rp")
)  # fmt: skip
HEADINGS = frozenset(("h1", "h2"))
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)


@dataclass
class Page:
    """What was read.

    Attributes:
        title: Title of the page.
        author: Its author, where a meta element names one.
        chapters: Titles and texts. The first has no title where text stands before the first heading.
    """

    title: str = ""
    author: str = ""
    chapters: list[tuple[str, str]] = field(default_factory=list)


def read_page(source: str) -> Page:
    """Read the text of a page; scripts, navigation and the like are left out."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    """Gathers paragraphs, and begins a chapter at each heading of the first two levels."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._page = Page()
        self._paragraphs: list[str] = []
        self._pieces: list[str] = []
        self._heading = ""
        self._hidden: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph or a chapter, or hide what follows."""
        if tag == "meta":
            named = {name: value or "" for name, value in attrs}
            if named.get("name", "").lower() == "author":
                self._page.author = named.get("content", "").strip()
        if tag == "title":
            self._in_title = not self._page.title
        if tag in HIDDEN:
            self._hidden.append(tag)
        if tag == "br":
            self._pieces.append("\n")
        if tag in BLOCKS:
            self._end_paragraph()
        if tag in HEADINGS and not self._hidden:
            self._end_chapter()

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph or a heading, or show again."""
        if tag == "title":
            self._in_title = False
        if tag in HIDDEN and tag in self._hidden:
            while self._hidden.pop() != tag:  # what was never closed
                pass
        if tag in HEADINGS and not self._hidden:
            self._heading = _spaced("".join(self._pieces))
            self._pieces = []
        elif tag in BLOCKS:
            self._end_paragraph()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that ends where it begins, as in XHTML."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Keep text that is shown."""
        if self._in_title:
            self._page.title += data
        elif not self._hidden:
            self._pieces.append(data)

    def finished(self) -> Page:
        """The page, once all was fed."""
        self._end_chapter()
        self._page.title = _spaced(self._page.title)
        return self._page

    def _end_paragraph(self) -> None:
        text = _spaced("".join(self._pieces))
        self._pieces = []
        if text:
            self._paragraphs.append(text)

    def _end_chapter(self) -> None:
        self._end_paragraph()
        if self._heading or self._paragraphs:
            self._page.chapters.append((self._heading, "\n\n".join(self._paragraphs)))
        self._heading, self._paragraphs = "", []


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
