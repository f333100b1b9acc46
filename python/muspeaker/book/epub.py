"""EPUB books: which documents they have, in which order, and what is in them.

Source: EPUB 3.3 (W3C, 2023); tables of contents of EPUB 2 are read too.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from muspeaker.book.contents import Book, Chapter
from muspeaker.book.page import read_page
from muspeaker.text.encodings import decoded

if TYPE_CHECKING:
    from pathlib import Path

MAX_TEXT_BYTES = 64 * 1024 * 1024  # of all documents, unpacked
CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
NAMES = {
    "container": "urn:oasis:names:tc:opendocument:xmlns:container",
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "ncx": "http://www.daisy.org/z3986/2005/ncx/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}


def read_epub(path: Path) -> Book:
    """Read a book.

    Raises:
        ValueError: If it is damaged, protected or too large.
    """
    what = f"book {str(path)!r}"
    try:
        with zipfile.ZipFile(path) as archive:
            return _Package(archive).book()
    except (
        zipfile.BadZipFile,
        zlib.error,
        ET.ParseError,
        KeyError,
        AttributeError,
    ) as error:
        raise ValueError(f"{what} is no readable EPUB file: {error}") from error
    except (
        RuntimeError,
        NotImplementedError,
    ) as error:  # zipfile's, of what is encrypted or packed otherwise
        raise ValueError(f"{what} cannot be unpacked: {error}") from error
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error


class _Package:
    """One opened archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left_bytes = MAX_TEXT_BYTES
        container = self._xml(CONTAINER)
        root = container.find(".//container:rootfile", NAMES)
        if root is None:
            raise ValueError("it names no package document")
        self._opf_path = root.attrib["full-path"]
        self._opf = self._xml(self._opf_path)
        items = self._opf.findall(".//opf:manifest/opf:item", NAMES)
        self._items = {item.attrib["id"]: item for item in items}

    def book(self) -> Book:
        """All that is in the spine, in its order."""
        paths = self._spine()
        self._refuse_protected(paths)
        titles = self._listed_titles()
        chapters: list[Chapter] = []
        for path in paths:
            for number, (title, text) in enumerate(read_page(decoded(self._read(path))).chapters):
                listed = titles.get(path, "") if number == 0 else ""
                if title or listed or not chapters:
                    chapters.append(Chapter(title or listed, text))
                else:  # the chapter before goes on in this document
                    last = chapters[-1]
                    chapters[-1] = Chapter(last.title, f"{last.text}\n\n{text}".strip())
        return Book(self._stated("title"), self._stated("creator"), tuple(chapters))

    def _spine(self) -> list[str]:
        references = self._opf.findall(".//opf:spine/opf:itemref", NAMES)
        linear = [r.attrib["idref"] for r in references if r.get("linear", "yes") != "no"]
        items = [self._items[reference] for reference in linear]
        pages = [item for item in items if "html" in item.get("media-type", "")]
        return [self._path(i.attrib["href"]) for i in pages if "nav" not in _properties(i)]

    def _listed_titles(self) -> dict[str, str]:
        """Titles in the table of contents, by the document that each points to."""
        found: dict[str, str] = {}
        for item in self._items.values():
            is_ncx = item.get("media-type") == "application/x-dtbncx+xml"
            if not is_ncx and "nav" not in _properties(item):
                continue
            path = self._path(item.attrib["href"])
            contents = self._xml(path)
            if is_ncx:
                points = [
                    (p.find("ncx:content", NAMES), p.find("ncx:navLabel/ncx:text", NAMES))
                    for p in contents.iter(f"{{{NAMES['ncx']}}}navPoint")
                ]
                links = [
                    (c.get("src", ""), t) for c, t in points if c is not None and t is not None
                ]
            else:
                links = [(a.get("href", ""), a) for a in contents.iter(f"{{{NAMES['xhtml']}}}a")]
            for reference, label in links:
                title = " ".join("".join(label.itertext()).split())
                found.setdefault(self._path(reference, path), title)
        return found

    def _refuse_protected(self, paths: list[str]) -> None:
        if ENCRYPTION not in self._archive.namelist():
            return
        for element in self._xml(ENCRYPTION).iter():
            if element.tag.endswith("CipherReference") and unquote(element.get("URI", "")) in paths:
                raise ValueError("it is protected (DRM): its text cannot be read")

    def _stated(self, name: str) -> str:
        element = self._opf.find(f".//dc:{name}", NAMES)
        return "" if element is None or element.text is None else " ".join(element.text.split())

    def _path(self, reference: str, base: str | None = None) -> str:
        folder = posixpath.dirname(self._opf_path if base is None else base)
        return posixpath.normpath(posixpath.join(folder, unquote(reference.partition("#")[0])))

    def _xml(self, path: str) -> ET.Element:
        return ET.fromstring(self._read(path))

    def _read(self, path: str) -> bytes:
        with self._archive.open(path) as file:
            data = file.read(self._left_bytes + 1)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise ValueError(
                f"it is too large: expected at most {MAX_TEXT_BYTES >> 20} MiB of text"
            )
        return data


def _properties(item: ET.Element) -> list[str]:
    return item.get("properties", "").split()
