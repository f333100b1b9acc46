"""A word or phone with its place in time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A word or a phone with its times.

    Attributes:
        text: The word, or the phone's symbol.
        start: Start in seconds.
        end: End in seconds.
        mark: Punctuation after a word: one of `,.?!`, or empty.
        speaker: Name of the voice that says a word in a dialogue, else empty.
        written: What stands in the text for a word, such as `$5` for `five` and for `dollars`; empty for a phone.
        place: First character of that in the text (of a dialogue, in its turn), and the one after its last.
    """

    text: str
    start: float
    end: float
    mark: str = ""
    speaker: str = ""
    written: str = ""
    place: tuple[int, int] | None = None


_ABSENT = Span("", 0.0, 0.0).__dict__


def spoken(text: str, start: float, end: float, **further: object) -> Span:
    """Span(text, start, end, ...), which is slow for the hundreds of a sentence: it sets field by field."""
    new = object.__new__(Span)
    new.__dict__.update(_ABSENT, text=text, start=start, end=end, **further)
    return new


def retime(span: Span, start: float, end: float) -> None:
    """Move a span that was just made and that nobody has yet."""
    span.__dict__.update(start=start, end=end)


def placed(span: Span, start: float, end: float) -> Span:
    """The span at another time: as dataclasses.replace, which is slow for the hundreds of a sentence."""
    new = object.__new__(Span)
    new.__dict__.update(span.__dict__, start=start, end=end)
    return new


def moved(span: Span, seconds: float) -> Span:
    """The span so much later; times are whole nanoseconds, so that there and back is where it was."""
    return placed(span, round(span.start + seconds, 9), round(span.end + seconds, 9))
