"""Moves of chess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source

if TYPE_CHECKING:
    import re

_PIECES = {"K": "king", "Q": "queen", "R": "rook", "B": "bishop", "N": "knight"}
_ENDS = {"+": " check", "#": " mate", "": ""}


class ChessMove(PatternRule):
    """`Nf3`, `Qxe5+`, `exd5`, `O-O`."""

    pattern = r"(?:([KQRBN])([a-h]?)(x?)|([a-h])x)([a-h])([1-8])([+#]?)(?!\w)|O-O(-O)?(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        if match[0].startswith("O-O"):
            return "castles long" if match[8] else "castles"
        piece, file, takes = match.group(1, 2, 3)
        who = f"{_PIECES[piece]} {file.upper()}" if piece else match[4].upper()
        takes = " takes" if takes or not piece else ""
        square = f"{match[5].upper()} {number_words.cardinal(match[6])}"
        return f"{who.strip()}{takes} {square}{_ENDS[match[7]]}"
