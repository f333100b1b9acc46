"""HTML to the text that it shows."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

_TAGS = (
    "a|abbr|b|big|blockquote|br|button|center|cite|code|dd|del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|"
    "h[1-6]|header|hr|i|img|input|ins|kbd|label|li|main|mark|nav|ol|p|pre|q|s|samp|section|small|span|strike|strong|sub|"
    "summary|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|video|wbr"
)
_PARAGRAPH = re.compile(
    r"</?(?:p|h[1-6]|blockquote|pre|table|hr|section)(?:\s[^<>]{0,500})?/?>|</(?:ul|ol|dl)>",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"<(?:br|div|tr|center|figure|header|footer|main|nav)(?:\s[^<>]{0,500})?/?>|</(?:div|tr)>",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\s*<(?:li|dt|dd)(?:\s[^<>]{0,500})?>\s*", re.IGNORECASE)
_HEADING = re.compile(r"<h[1-6](?:\s[^<>]{0,500})?>\s*", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]>\s*<t[dh](?:\s[^<>]{0,500})?>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]{{0,500}})?/?>", re.IGNORECASE)
_HIDDEN = re.compile(
    r"<!--.{0,5000}?-->|<(script|style)\b[^<>]{0,500}>.{0,20000}?</\1>", re.DOTALL | re.IGNORECASE
)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")


_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")


def without_html(text: TracedText) -> None:
    """Drop tags, and write out entities; blocks stand on lines of their own."""
    text.sub(_ENTITY, lambda match: html.unescape(match[0]))
    if "<" not in text.text:
        return
    text.sub(_HIDDEN, " ")
    text.sub(_AUTOLINK, lambda match: match[1])
    for pattern, new in (
        (_CELL, ", "),
        (_ITEM, "\n- "),
        (_HEADING, "\n\n# "),
        (_PARAGRAPH, "\n\n"),
        (_LINE, "\n"),
        (_TAG, ""),
    ):
        text.sub(pattern, new)
