"""HTML and Markdown to the text that they show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

_HTML = re.compile(r"&[#A-Za-z]|<[A-Za-z/!]")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\((?!/)[^()\s]{1,2000}(?: \"[^\"\n]{0,300}\")?\)")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,30}\]:?")
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;][-o']?[)(\]\[DPpO|*]+|<3+|[xX]D+|\^_*\^|¯\\_\(ツ\)_/¯)(?=\s|[.,!?]|$)"
)
_NO_ARGUMENTS = re.compile(r"(?<=\w)\(\)")
_EMPHASIS = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,1000}?)(?<=[^\s*])\1(?![\w*])"),
    re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^_\n]{1,1000}?)(?<=[^\s_])\1(?![\w_])"),
    re.compile(r"(?<![\w~])(~~)(?=\S)([^~\n]{1,1000}?)(?<=\S)\1(?![\w~])"),
    re.compile(r"(?<!`)(`{1,2})(?=[^`])([^`\n]{1,1000}?)(?<=[^`])\1(?!`)"),
)


def without_markup(text: TracedText) -> None:
    """Drop tags, entities and signs of Markdown; blocks of HTML stand on lines of their own."""
    if _HTML.search(text.text):
        from muspeaker.text.normalize.html_text import without_html  # noqa: PLC0415 (rare)

        without_html(text)
    if "](" in text.text or "[^" in text.text:
        text.sub(_LINK, lambda match: match[1])
        text.sub(_FOOTNOTE, "")
    text.sub(_EMOTICON, " ")
    if "()" in text.text:
        text.sub(_NO_ARGUMENTS, "")  # of the name of a function
    for mark, pattern in zip("*_~`", _EMPHASIS, strict=True):
        if mark in text.text:
            text.sub(pattern, lambda match: match[2])
