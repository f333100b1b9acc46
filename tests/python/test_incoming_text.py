"""Sentences out of a text that is still arriving."""

from __future__ import annotations

import pytest

from muspeaker.serve.wyoming.incoming_text import IncomingText


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("Dr. Smith paid $3.50 to J. R. Doe. Why?", ["Dr. Smith paid $3.50 to J. R. Doe.", "Why?"]),
        ("A title\n\nThen “text.” More", ["A title", "Then “text.”", "More"]),
        ("no end, no cut", ["no end, no cut"]),
        ("…", []),
        ("Wait… what? Yes. ", ["Wait… what?", "Yes."]),
    ],
)
def test_incoming_text(text: str, sentences: list[str], size: int) -> None:
    incoming = IncomingText("en-us", 1000)
    found = []
    for at in range(0, len(text), size):
        found += [sentence.text for sentence in incoming.add(text[at : at + size])]
    rest = incoming.finish()
    assert found + ([rest] if rest else []) == sentences


def test_incoming_text_pauses_longer_between_paragraphs() -> None:
    incoming = IncomingText("en-us", 1000)
    pauses = [sentence.pause_seconds for sentence in incoming.add("One. Two.\n\nThree. F")]
    assert pauses == [0.2, 0.5, 0.2]


def test_incoming_text_is_bounded() -> None:
    incoming = IncomingText("en-us", 10)
    incoming.add("a" * 10)
    with pytest.raises(ValueError, match="too long"):
        incoming.add("b")


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_pause_mark_stays_whole_with_the_text_around_it(size: int) -> None:
    incoming = IncomingText("en-us", 1000)
    text = "Wait. [pause 0.5s] Now. And on"
    found = [s.text for at in range(0, len(text), size) for s in incoming.add(text[at : at + size])]
    assert found == ["Wait. [pause 0.5s] Now."]
