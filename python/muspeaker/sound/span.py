"""A word or phone with its place in time."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Span:
    """A word or a phone, with its start and end in seconds.

    A word has its punctuation in `mark`, one of `,.?!` or empty, and in a dialogue the name of who
    says it in `speaker`.
    """

    text: str
    start: float
    end: float
    mark: str = ""
    speaker: str = ""


def begun_between(spans: list[Span], begin: float, end: float) -> list[Span]:
    """Those that start there, their times from `begin` on."""
    return [
        replace(span, start=span.start - begin, end=span.end - begin)
        for span in spans
        if begin <= span.start < end
    ]
