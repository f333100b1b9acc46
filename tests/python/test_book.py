"""Books and pages: their chapters, and how they become a sound file that can be stopped and gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import muspeaker
from muspeaker.book.contents import Chapter, read_book
from muspeaker.book.recorder import PIECE_CHARACTERS, BookRecorder, pieces_of
from muspeaker.cli import app

if TYPE_CHECKING:
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

PLAIN = """The Lake

CHAPTER ONE. In Which It Rains

It rained. The
line goes on.

Chapter of accidents is
what they called it.

Chapter 2

It stopped.
"""
# It waits in the middle of the second piece, else a busy tester may come when all are spoken.
INTERRUPTIBLE = """
import signal, time
from muspeaker.book import recorder
from muspeaker.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells let their jobs ignore it
write_whole, written = recorder.write_whole, []
def writing(*given):
    write_whole(*given)
    written.append(given)
    if len(written) == 3:  # two files a piece
        time.sleep(600)
recorder.write_whole = writing
main()
"""
GUTENBERG = b"""Licence.

*** START OF THE PROJECT GUTENBERG EBOOK A ***

Text.

*** END OF THE PROJECT GUTENBERG EBOOK A ***

Licence."""
PAGE = """<!DOCTYPE html><html><head><title>The
 Lake</title><meta name="Author" content="A. Nony"><style>p {}</style></head><body>
<nav><h1>Menu</h1><a>Home</a></nav><h1>One &amp; only</h1><p>It <b>rain</b>ed.<br/>All day.</p><script>x < y</script>
<div>Then<p>it stopped.</div><h2>Two</h2><ul><li>A boat<li>A lake</ul><h3>Small</h3>End.</body></html>"""


def epub(path: Path, **changed: str | bytes) -> Path:
    """A book of two chapters, the second in two documents; and a cover that is not in the reading order."""
    opf = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
    <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Lake</dc:title><dc:creator>A. Nony</dc:creator>
    </metadata><manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="b" href="b%20c.xhtml" media-type="application/xhtml+xml"/>
    <item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/>
    <item id="c" href="c.xhtml" media-type="application/xhtml+xml"/>
    <item id="n" href="note.xhtml" media-type="application/xhtml+xml"/>
    </manifest><spine><itemref idref="nav"/><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/>
    <itemref idref="n" linear="no"/></spine></package>"""
    nav = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="text/a.xhtml">First</a></li>
    <li><a href="b%20c.xhtml#x">Second</a></li></ol></nav></body></html>"""
    container = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
    <rootfile full-path="OPS/book.opf"/></rootfiles></container>"""
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": container,
        "OPS/book.opf": opf,
        "OPS/nav.xhtml": nav,
        "OPS/text/a.xhtml": "<html><body><h1>Rain</h1><p>It rained.</p></body></html>",
        "OPS/b c.xhtml": "<html><body><p>It stopped.</p></body></html>",
        "OPS/c.xhtml": "<html><body><p>For good.</p></body></html>",
        "OPS/note.xhtml": "<html><body><p>A note.</p></body></html>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files | changed).items():
            archive.writestr(name, text)
    return path


def test_plain_text_by_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "lake.txt"
    path.write_bytes(PLAIN.replace("\n", "\r\n").encode("utf-8-sig"))
    book = read_book(path)
    assert book.title == "lake"
    assert book.chapters == (
        Chapter("", "The Lake"),
        Chapter(
            "CHAPTER ONE. In Which It Rains",
            "It rained. The\nline goes on.\n\nChapter of accidents is\nwhat they called it.",
        ),
        Chapter("Chapter 2", "It stopped."),
    )


@pytest.mark.parametrize(
    ("data", "chapters"),
    [
        (b"# One #\n\nText.\n\n### Not one\n\n## Two\n\nMore.", [("One", "Text.\n\n### Not one"), ("Two", "More.")]),
        ("Ça va?".encode("utf-16"), [("", "Ça va?")]),
        (GUTENBERG, [("", "Text.")]),
    ],
)  # fmt: skip
def test_plain_texts(tmp_path: Path, data: bytes, chapters: list[tuple[str, str]]) -> None:
    (tmp_path / "a.md").write_bytes(data)
    assert [(c.title, c.text) for c in read_book(tmp_path / "a.md").chapters] == chapters


def test_bytes_of_another_encoding_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("Ça va?".encode("cp1252"))
    with pytest.raises(ValueError, match=r"is not UTF-8: byte 0xc7 at 0 \(expected UTF-8, or"):
        read_book(tmp_path / "a.md")


def test_a_web_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    book = read_book(tmp_path / "a.html")
    assert (book.title, book.author) == ("The Lake", "A. Nony")
    assert book.chapters == (
        Chapter("One & only", "It rained. All day.\n\nThen\n\nit stopped."),
        Chapter("Two", "A boat\n\nA lake\n\nSmall\n\nEnd."),
    )


def test_an_epub(tmp_path: Path) -> None:
    book = read_book(epub(tmp_path / "a.epub"))
    assert (book.title, book.author) == ("The Lake", "A. Nony")
    assert book.chapters == (
        Chapter("Rain", "It rained."),
        Chapter("Second", "It stopped.\n\nFor good."),
    )


def test_an_epub_with_the_contents_of_version_2(tmp_path: Path) -> None:
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Old
    style</text></navLabel><content src="c.xhtml"/></navPoint></navMap></ncx>"""
    opf = """<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>
    <item id="t" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
    <item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine toc="t"><itemref idref="c"/>
    </spine></package>"""
    path = epub(tmp_path / "a.epub", **{"OPS/book.opf": opf, "OPS/toc.ncx": ncx})
    assert read_book(path).chapters == (Chapter("Old style", "For good."),)


ENCRYPTED = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData
xmlns="http://www.w3.org/2001/04/xmlenc#"><CipherData><CipherReference URI="OPS/c.xhtml"/></CipherData></EncryptedData>
</encryption>"""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"META-INF/container.xml": "<a"}, "is no readable EPUB file"),
        ({"META-INF/container.xml": "<a/>"}, "names no package document"),
        ({"OPS/book.opf": "<package/>"}, "has no words"),
        ({"META-INF/encryption.xml": ENCRYPTED}, r"is protected \(DRM\)"),
        ({"OPS/c.xhtml": b" " * (65 << 20)}, "is too large: expected at most 64 MiB of text"),
    ],
)
def test_epubs_that_cannot_be_read(
    tmp_path: Path, changed: dict[str, str | bytes], message: str
) -> None:
    path = epub(tmp_path / "a.epub", **changed)
    with pytest.raises(ValueError, match=message):
        read_book(path)


def test_what_is_no_book(tmp_path: Path) -> None:
    (tmp_path / "a.epub").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is no readable EPUB file"):
        read_book(tmp_path / "a.epub")
    (tmp_path / "a.txt").write_text("* * *\n")
    with pytest.raises(ValueError, match="has no words"):
        read_book(tmp_path / "a.txt")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_book(tmp_path / "none.epub")


def test_pieces_are_short_and_lose_nothing(tmp_path: Path) -> None:
    paragraphs = [f"Paragraph {n}. " + "Words and words, " * (n * 4) for n in range(25)]
    paragraphs.append("A long one. " * 2000)
    (tmp_path / "a.txt").write_text(
        "Chapter 1\n\n" + "\n\n".join(paragraphs) + "\n\nChapter 2\n\nEnd."
    )
    pieces = pieces_of(read_book(tmp_path / "a.txt"))
    assert max(len(piece.text) for piece in pieces) <= PIECE_CHARACTERS
    said = " ".join(piece.text for piece in pieces).split()
    assert said == ["Chapter", "1.", *" ".join(paragraphs).split(), "Chapter", "2.", "End."]
    assert [piece.is_last for piece in pieces if piece.chapter == 1] == [True]
    assert sum(piece.is_last for piece in pieces) == 2


@pytest.fixture
def long_book(tmp_path: Path) -> Any:
    text = (
        "Chapter One\n\n" + "It rained all day. " * 150 + "\n\n* * *\n\nChapter Two\n\nIt stopped."
    )
    (tmp_path / "lake.txt").write_text(text)
    return read_book(tmp_path / "lake.txt")


def test_a_recording_goes_on_where_it_stopped(
    tts: Synthesizer, engine: Any, voice: Voice, long_book: Any, tmp_path: Path
) -> None:
    whole = BookRecorder(tts, voice, {"seed": 3}, tmp_path / "whole.wav").record(long_book)
    calls = len(engine.calls)
    assert [len(piece.text) for piece in pieces_of(long_book)] == [12, 2849, 5, 25]

    def stop(chunk: Audio | None, _: int) -> None:
        if chunk is None:  # a piece is kept
            raise KeyboardInterrupt

    stopped = BookRecorder(tts, voice, {"seed": 3}, tmp_path / "a.wav", stop)
    with pytest.raises(KeyboardInterrupt):
        stopped.record(long_book)
    first = len(engine.calls) - calls
    assert 0 < first < calls
    assert not (tmp_path / "a.wav").exists()
    done: list[int] = []
    again = BookRecorder(tts, voice, {"seed": 3}, tmp_path / "a.wav", lambda _, n: done.append(n))
    assert again.record(long_book) == whole
    assert len(engine.calls) - calls == calls  # nothing was spoken twice
    assert done == sorted(done)
    assert done[-1] == sum(len(piece.text) for piece in pieces_of(long_book))
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()
    assert not again.folder.exists()
    other = BookRecorder(tts, voice, {"seed": 4}, tmp_path / "a.wav", stop)
    with pytest.raises(KeyboardInterrupt):
        other.record(long_book)
    assert len(engine.calls) > 2 * calls  # another seed, other speech


def test_what_is_somebody_elses_stays(
    tts: Synthesizer, voice: Voice, long_book: Any, tmp_path: Path
) -> None:
    recorder = BookRecorder(tts, voice, {}, tmp_path / "a.wav")
    recorder.folder.mkdir()
    (recorder.folder / "letter.txt").write_text("Dear Anna")
    recorder.record(long_book)
    assert [path.name for path in recorder.folder.iterdir()] == ["letter.txt"]


def test_chapters_and_words_have_their_times(
    tts: Synthesizer, voice: Voice, long_book: Any, tmp_path: Path
) -> None:
    recorded = BookRecorder(tts, voice, {}, tmp_path / "a.m4b").record(long_book)
    one, two = recorded.chapters
    assert (one.text, one.start, two.text, two.end) == (
        "Chapter One",
        0.0,
        "Chapter Two",
        recorded.seconds,
    )
    assert one.end == two.start
    starts = [word.start for word in recorded.words]
    assert starts == sorted(starts)
    first = next(word for word in recorded.words if word.start >= two.start)
    assert first.text == "Chapter"
    with av.open(tmp_path / "a.m4b") as file:
        titles = [chapter["metadata"]["title"] for chapter in file.chapters()]
        assert titles == ["Chapter One", "Chapter Two"]
        assert file.metadata["title"] == "lake"
        assert "Synthetic speech" in file.metadata["comment"]
        assert file.duration / 1e6 == pytest.approx(recorded.seconds, abs=0.2)


def test_what_cannot_be_written_fails_first(
    tts: Synthesizer, engine: Any, voice: Voice, long_book: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(RuntimeError, match=r"muspeaker\[media\]"):
        BookRecorder(tts, voice, {}, tmp_path / "a.m4b").record(long_book)
    with pytest.raises(ValueError, match="has no bit rate"):
        BookRecorder(tts, voice, {}, tmp_path / "a.wav").record(long_book, bit_rate=64_000)
    assert engine.calls == []


@pytest.fixture
def run(tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.chdir(tmp_path)
    voice.save("anna.voice")
    return lambda *args: CliRunner().invoke(app, ["say", *args, "--voice", "anna.voice"])


def test_say_a_book(run: Any) -> None:
    epub(Path("lake.epub"))
    result = run("lake.epub", "-o", "a.mp3", "--subtitles", "a.srt", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert [chapter["title"] for chapter in report["chapters"]] == ["Rain", "Second"]
    assert report["title"] == "The Lake"
    assert soundfile.info("a.mp3").duration == pytest.approx(report["seconds"], abs=0.1)
    assert "It rained." in Path("a.srt").read_text()
    with av.open("a.mp3") as file:
        assert len(file.chapters()) == 2
    shown = run("-f", "lake.epub", "-o", "a.wav")
    assert "2 chapters" in shown.output


def test_say_a_short_text_file_as_before(run: Any, tts: Synthesizer, voice: Voice) -> None:
    Path("a.txt").write_text("Chapter 1\n\nIt rained.")
    assert run("a.txt", "-o", "a.wav").exit_code == 0
    expected = tts.synthesize("Chapter 1\n\nIt rained.", voice)
    samples, _ = soundfile.read("a.wav", dtype="float32")
    np.testing.assert_allclose(samples, expected.samples, atol=1e-4)
    assert run("none.txt", "-o", "b.wav").exit_code == 0  # is said as it stands


def test_a_text_of_any_length(run: Any) -> None:
    Path("long.txt").write_text("It rained and rained. " + "and rained " * 5_000)
    result = run("long.txt", "-o", "a.flac")
    assert result.exit_code == 0, result.stderr
    assert "1 chapter" in result.output


def test_a_book_in_a_pipe(run: Any, tts: Synthesizer, voice: Voice) -> None:
    epub(Path("lake.epub"))
    result = run("lake.epub", "--raw")
    assert result.exit_code == 0, result.stderr
    first = tts.synthesize("Rain.\n\nIt rained.", voice).encode("pcm")
    assert result.stdout_bytes.startswith(first)
    for refused in (("-o", "-"), ("--raw", "--subtitles", "a.srt")):
        assert run("lake.epub", *refused).exit_code == 2


def test_ctrl_c_and_the_same_command_again(tmp_path: Path) -> None:
    """With the model that ships, in a process of its own."""
    chapters = [f"# Chapter {n}\n\nIt rained on day {n}, and nobody went out." for n in range(15)]
    (tmp_path / "lake.md").write_text("\n\n".join(chapters))
    command = [sys.executable, "-m", "muspeaker", "say", "lake.md", "-o", "lake.mp3"]
    starter = [sys.executable, "-c", INTERRUPTIBLE, *command[3:]]
    first = subprocess.Popen(starter, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "lake.mp3.parts"
    for _ in range(12_000):
        if len(list(parts.glob("*.flac"))) == 2 or first.poll() is not None:
            break
        time.sleep(0.01)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=120)
    assert first.returncode == 1
    assert "the same command goes on from" in said
    kept = {path.name for path in parts.glob("*.json")}
    assert len(kept) == 1
    again = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "15 chapters" in again.stdout
    assert not parts.exists()
    assert soundfile.info(tmp_path / "lake.mp3").duration > 15 * 2
