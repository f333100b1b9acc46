"""Lines of lists, headings and tables end with a full stop; hard-wrapped prose stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.text.traced import TracedText

MAX_LIST_LINE = 40  # characters; a paragraph of shorter lines that begin with capitals is a list

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_BULLET = re.compile(r"\s*(?:[-*+•◦▪‣∙●○■□➤➢✓✔]|[–—](?=\s))\s+(?:\[[ xX]\]\s+)?(?=\S)|\s*[•◦▪‣●■]")
_NUMBER = re.compile(r"\s*\(?(\d{1,3}|[a-zA-Z]|[ivx]{2,5})[.)]\s+(?=\S)")
_QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}$")
_FENCE = re.compile(r"\s*(?:```|~~~)[\w+-]*\s*$")
_ROW = re.compile(r"\s*\|(.*)\|\s*$")
_ROW_RULE = re.compile(r"[\s:|-]+$")
_CELL = re.compile(r"\|\s*([^|\s](?:[^|]*[^|\s])?)\s*(?=\|)")
_NEWLINE = re.compile("\n")
_ENDS = frozenset(".?!:…。؟।")


def close_lines(text: TracedText) -> None:
    r"""Put a full stop where a line of a list, a heading or a row of a table ends without a mark.

    Args:
        text: Text with `\n` at the ends of lines.
    """
    lines = _lines_of(text.text)
    if len(lines) == 1:
        _bare_single(lines[0])
        text.compose(lines[0].pieces)
        return
    blocks = _Blocks()
    for paragraph in _paragraphs(lines):
        blocks.add_paragraph(paragraph)
    text.compose(_joined(blocks.lines))


class _Line:
    """A line as it is rewritten.

    Attributes:
        text: How it reads now.
        pieces: The stretches of the whole text that it consists of, as `TracedText.compose` takes them.
    """

    def __init__(self, whole: str, start: int, end: int) -> None:
        self._whole = whole
        self.text = whole[start:end]
        self.pieces: list[tuple[int, int, str | None]] = [(start, end, None)]

    def keep(self, start: int, end: int) -> None:
        """Keep the characters from `start` to before `end` of a line that nothing was put into."""
        first = self.pieces[0][0]
        self.text = self.text[start:end]
        self.pieces = [(first + start, first + end, None)]

    def put_first(self, new: str, size: int) -> None:
        """Put text in the place of the first characters of the last piece."""
        start, end, _ = self.pieces.pop()
        head = self.text[: len(self.text) - (end - start)]
        self.text = head + new + self._whole[start + size : end]
        self.pieces += [(start, start + size, new), (start + size, end, None)]

    def capitalize(self) -> None:
        """Write the first letter as a capital."""
        if self.text[:1].islower():
            start, end, _ = self.pieces[0]
            capital = self.text[0].upper()
            self.text = capital + self.text[1:]
            self.pieces[:1] = [(start, start + 1, capital), (start + 1, end, None)]

    def close(self) -> None:
        """End with a full stop if there is no mark."""
        start, end, new = self.pieces[-1]
        if new is None:
            kept = self._whole[start:end].rstrip()
            self.text = self.text[: len(self.text) - (end - start - len(kept))]
            end = start + len(kept)
            self.pieces[-1] = (start, end, None)
        bare = self.text.rstrip("*_\"'”’) ")
        if bare and bare[-1] in ",;" and len(self.text) - len(bare) < end - start:
            at = end - (len(self.text) - len(bare)) - 1
            self.pieces[-1:] = [(start, at, None), (at, at + 1, "."), (at + 1, end, None)]
            self.text = bare[:-1] + "." + self.text[len(bare) :]
        elif bare and bare[-1] not in _ENDS:
            self.pieces.append((end, end, "."))
            self.text += "."

    def keep_cells(self, cells: list[tuple[int, int]]) -> None:
        """Keep these stretches of a line that nothing was put into, with commas between them."""
        first = self.pieces[0][0]
        whole = self._whole
        self.pieces = []
        for start, end in cells:
            if self.pieces:
                self.pieces.append((first + start, first + start, ", "))
            self.pieces.append((first + start, first + end, None))
        self.text = "".join(whole[s:e] if new is None else new for s, e, new in self.pieces)


def _lines_of(text: str) -> list[_Line]:
    starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
    return [
        _Line(text, start, end)
        for start, end in zip(
            starts, [*(start - 1 for start in starts[1:]), len(text)], strict=True
        )
    ]


def _joined(lines: list[_Line]) -> Iterator[tuple[int, int, str | None]]:
    for index, line in enumerate(lines):
        if index:
            start = line.pieces[0][0]
            yield start, start, "\n"
        yield from line.pieces


def _bare_single(line: _Line) -> None:
    """Drop the sign of a quotation, and of a heading or a bullet in it, from the only line of a text."""
    quote = _QUOTE.match(line.text)
    if quote and line.text[quote.end() :].lstrip()[:1].isalpha():
        line.keep(quote.end(), len(line.text))
    heading = _HEADING.match(line.text)
    bullet = _BULLET.match(line.text)
    if heading:
        line.keep(*heading.span(1))
    elif bullet:
        line.keep(bullet.end(), len(line.text))


def _paragraphs(lines: list[_Line]) -> list[list[_Line]]:
    """Runs of lines between blank ones, with a blank line as an empty run."""
    runs: list[list[_Line]] = [[]]
    for line in lines:
        if line.text.strip():
            runs[-1].append(line)
        else:
            runs += [[], []]
    return runs


class _Blocks:
    """Lines that are read one after another, as they are collected."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self._in_item = False

    def add_paragraph(self, paragraph: list[_Line]) -> None:
        """Take the lines between two blank ones; no lines are a blank one themselves."""
        if not paragraph:
            self._part()
            return
        is_list = len(paragraph) > 1 and all(_is_list_line(line.text) for line in paragraph)
        for line in paragraph:
            quote = _QUOTE.match(line.text)
            if quote:
                line.keep(quote.end(), len(line.text))
            if line.text.strip() and not _FENCE.match(line.text):
                self._add(line, is_list=is_list)
        if self._in_item:
            self._close()
            self._in_item = False

    def _add(self, line: _Line, *, is_list: bool) -> None:
        if _RULE.match(line.text):
            self._close()
            self._part()
            return
        row = _ROW.match(line.text)
        if row:
            if not _ROW_RULE.match(row[1]):
                line.keep_cells([cell.span(1) for cell in _CELL.finditer(line.text)])
                self._begin(line)
            return
        heading, bullet = _HEADING.match(line.text), _BULLET.match(line.text)
        if heading:
            line.keep(*heading.span(1))
            self._begin(line)
            self._close()
            self._in_item = False
        elif bullet:
            line.keep(bullet.end(), len(line.text))
            self._begin(line)
        elif self._is_numbered(line.text):
            _write_number(line)
            self._begin(line)
        elif is_list or (self._in_item and line.text[:1].isupper()):
            self._begin(line)
            self._in_item = is_list
        else:
            self.lines.append(line)

    def _is_numbered(self, line: str) -> bool:
        """A line that a number begins: the first of a paragraph, or after another of its list."""
        number = _NUMBER.match(line)
        if number is None:
            return False
        begins = not self.lines or self.lines[-1].text == ""
        return self._in_item or begins or number[1] in {"1", "a", "A", "i"}

    def _begin(self, line: _Line) -> None:
        """Begin a line that stands alone: the one before it ends."""
        self._close()
        line.capitalize()
        self.lines.append(line)
        self._in_item = True

    def _close(self) -> None:
        """End the last line with a full stop if it has no mark of its own."""
        if self.lines:
            self.lines[-1].close()

    def _part(self) -> None:
        """End a paragraph."""
        if self.lines and self.lines[-1].text:
            end = self.lines[-1].pieces[-1][1]
            self.lines.append(_Line("", end, end))
        self._in_item = False


def _is_list_line(line: str) -> bool:
    first = line.lstrip()[:1]
    return len(line) < MAX_LIST_LINE and (first.isupper() or first.isdigit())


def _write_number(line: _Line) -> None:
    """Write `2) bread` as `2. Bread`."""
    number = _NUMBER.match(line.text)
    if number is None:
        return
    mark = "." if number[1].isdecimal() or len(number[1]) > 1 else ":"
    first = line.text[number.end()]
    line.put_first("", number.start(1))
    line.put_first(number[1].upper(), len(number[1]))
    line.put_first(f"{mark} ", number.end() - number.end(1))
    line.put_first(first.upper(), 1)
