"""Scripts: who says what, one turn after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LABEL_CHARACTERS = 40
MAX_OVERLAP_SECONDS = 10.0

_LABEL = re.compile(
    rf"\s*(?P<label>[^\W\d_][^:\n\[\]]{{0,{MAX_LABEL_CHARACTERS - 1}}}):\s*(?P<rest>.*)"
)
_OVERLAP = re.compile(r"\s*\[\s*overlap\s+(?P<length>[^\]\n]{0,40})\]\s*", re.IGNORECASE)
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)\s*", re.IGNORECASE)
_QUOTED = re.compile(r'“[^”\n]*”?|"[^"\n]*"?|«[^»\n]*»?|„[^“\n]*“?')


@dataclass(frozen=True)
class Turn:
    """What one speaker says at a stretch.

    Attributes:
        speaker: Label in the script; empty for text before the first label.
        text: The words, with their marks.
    """

    speaker: str
    text: str


def parse_script(script: str, speakers: Iterable[str] = ()) -> list[Turn]:
    """Read a script, such as this one.

        ANNA: Is it late?
        BERT: [overlap 0.3s] It is. [pause 0.5s] Very.
        # a remark that nobody says

    A label stands at the beginning of a line, before a colon: it is in capitals, or the name of one of the
    speakers. A line without one goes on with the turn before.

    Args:
        script: The text.
        speakers: Names that are labels however they are written.

    Raises:
        TypeError: If the script is no string.
        ValueError: If nobody says anything in it.
    """
    if not isinstance(script, str):
        raise TypeError(f"script must be a str, got {type(script).__name__}")
    known = {speaker.casefold() for speaker in speakers}
    turns: list[tuple[str, list[str]]] = [("", [])]
    for line in script.splitlines():
        if line.lstrip().startswith("#"):
            continue
        match = _LABEL.fullmatch(line)
        label = "" if match is None else match["label"].strip()
        if match is not None and (label.isupper() or label.casefold() in known):
            turns.append((label, [match["rest"]]))
        else:
            turns[-1][1].append(line)
    read = [Turn(speaker, "\n".join(lines).strip()) for speaker, lines in turns]
    spoken = [turn for turn in read if turn.text]
    if not spoken:
        raise ValueError(
            "nobody says anything in the script: expected lines such as 'ANNA: Hello.'"
        )
    return spoken


def split_overlap(text: str) -> tuple[float, str]:
    """Seconds of a mark such as `[overlap 0.4s]` at the beginning of a turn, and the rest of the text.

    Raises:
        ValueError: If its length cannot be read or is too long.
    """
    mark = _OVERLAP.match(text)
    if mark is None:
        return 0.0, text
    length = _LENGTH.fullmatch(mark["length"])
    if length is None:
        raise ValueError(
            f"cannot read {mark[0].strip()!r}: expected a length such as [overlap 0.5s]"
        )
    seconds = float(length[1]) * (0.001 if length[2].lower() == "ms" else 1.0)
    if seconds > MAX_OVERLAP_SECONDS:
        raise ValueError(
            f"{mark[0].strip()!r} is too long: expected at most {MAX_OVERLAP_SECONDS:g} s"
        )
    return seconds, text[mark.end() :]


def split_quotes(text: str) -> list[tuple[bool, str]]:
    """Pieces of a text in their order, each with whether it stands in quotation marks.

    A quotation ends with its line at the latest. A piece without letters or digits joins the one before.
    """
    pieces: list[tuple[bool, str]] = []
    position = 0
    for match in _QUOTED.finditer(text):
        pieces += [(False, text[position : match.start()]), (True, match[0])]
        position = match.end()
    pieces.append((False, text[position:]))
    joined: list[tuple[bool, str]] = []
    for is_quote, piece in pieces:
        if not any(letter.isalnum() for letter in piece) and (joined or not piece.strip()):
            if joined:
                joined[-1] = (joined[-1][0], joined[-1][1] + piece)
        else:
            joined.append((is_quote, piece))
    return joined
