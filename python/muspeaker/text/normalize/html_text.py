"""HTML to the text that it shows."""

from __future__ import annotations

import html
import re

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


def without_html(text: str) -> str:
    """The text without tags and entities; blocks stand on lines of their own."""
    text = html.unescape(text)
    return _without_tags(text) if "<" in text else text


def _without_tags(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", _HIDDEN.sub(" ", text))
    text = _CELL.sub(", ", text)
    text = _ITEM.sub("\n- ", text)
    text = _HEADING.sub("\n\n# ", text)
    text = _LINE.sub("\n", _PARAGRAPH.sub("\n\n", text))
    return _TAG.sub("", text)
