"""Lines of lists, headings and tables end with a full stop; hard-wrapped prose stays as it is."""

from __future__ import annotations

import re

MAX_LIST_LINE = 40  # characters; a paragraph of shorter lines that begin with capitals is a list

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_BULLET = re.compile(r"\s*(?:[-*+•◦▪‣∙●○■□➤➢✓✔]|[–—](?=\s))\s+(?:\[[ xX]\]\s+)?(?=\S)|\s*[•◦▪‣●■]")
_NUMBER = re.compile(r"\s*\(?(\d{1,3}|[a-zA-Z]|[ivx]{2,5})[.)]\s+(?=\S)")
_QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}$")
_FENCE = re.compile(r"\s*(?:```|~~~)[\w+-]*\s*$")
_ROW = re.compile(r"\s*\|(.*)\|\s*$")
_ROW_RULE = re.compile(r"[\s:|-]+$")
_ENDS = frozenset(".?!:…。؟।")


def closed_lines(text: str) -> str:
    r"""Put a full stop where a line of a list, a heading or a row of a table ends without a mark.

    Args:
        text: Text with `\n` at the ends of lines.
    """
    lines = text.split("\n")
    if len(lines) == 1:
        return _single(text)
    blocks = _Blocks()
    for paragraph in _paragraphs(lines):
        blocks.add_paragraph(paragraph)
    return "\n".join(blocks.lines)


def _single(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        return heading[1]
    bullet = _BULLET.match(line)
    return line[bullet.end() :] if bullet else line


def _paragraphs(lines: list[str]) -> list[list[str]]:
    """Runs of lines between blank ones, with a blank line as an empty run."""
    runs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            runs[-1].append(line)
        else:
            runs += [[], []]
    return runs


class _Blocks:
    """Lines that are read one after another, as they are collected."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._in_item = False

    def add_paragraph(self, paragraph: list[str]) -> None:
        """Take the lines between two blank ones; no lines are a blank one themselves."""
        if not paragraph:
            self._part()
            return
        is_list = len(paragraph) > 1 and all(map(_is_list_line, paragraph))
        for line in paragraph:
            bare = _QUOTE.sub("", line, count=1)
            if bare.strip() and not _FENCE.match(bare):
                self._add(bare, is_list=is_list)
        if self._in_item:
            self._close()
            self._in_item = False

    def _add(self, line: str, *, is_list: bool) -> None:
        if _RULE.match(line):
            self._close()
            self._part()
            return
        row = _ROW.match(line)
        if row:
            if not _ROW_RULE.match(row[1]):
                cells = (cell.strip() for cell in row[1].split("|"))
                self._begin(", ".join(cell for cell in cells if cell))
            return
        heading, bullet = _HEADING.match(line), _BULLET.match(line)
        if heading:
            self._begin(heading[1])
            self._close()
            self._in_item = False
        elif bullet:
            self._begin(line[bullet.end() :])
        elif self._is_numbered(line):
            self._begin(_numbered(line))
        elif is_list or (self._in_item and line[:1].isupper()):
            self._begin(line)
            self._in_item = is_list
        else:
            self.lines.append(line)

    def _is_numbered(self, line: str) -> bool:
        """A line that a number begins: the first of a paragraph, or after another of its list."""
        number = _NUMBER.match(line)
        if number is None:
            return False
        begins = not self.lines or self.lines[-1] == ""
        return self._in_item or begins or number[1] in {"1", "a", "A", "i"}

    def _begin(self, line: str) -> None:
        """Begin a line that stands alone: the one before it ends."""
        self._close()
        self.lines.append(line[:1].upper() + line[1:])
        self._in_item = True

    def _close(self) -> None:
        """End the last line with a full stop if it has no mark of its own."""
        line = self.lines[-1].rstrip() if self.lines else ""
        bare = line.rstrip("*_\"'”’) ")
        if bare and bare[-1] in ",;":
            self.lines[-1] = bare[:-1] + "." + line[len(bare) :]
        elif bare and bare[-1] not in _ENDS:
            self.lines[-1] = line + "."

    def _part(self) -> None:
        """End a paragraph."""
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self._in_item = False


def _is_list_line(line: str) -> bool:
    first = line.lstrip()[:1]
    return len(line) < MAX_LIST_LINE and (first.isupper() or first.isdigit())


def _numbered(line: str) -> str:
    """`2) bread` as `2. Bread`."""
    number = _NUMBER.match(line)
    if number is None:
        return line
    rest = line[number.end() :]
    mark = "." if number[1].isdecimal() or len(number[1]) > 1 else ":"
    return f"{number[1].upper()}{mark} {rest[:1].upper()}{rest[1:]}"
