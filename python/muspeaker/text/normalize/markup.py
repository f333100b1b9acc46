"""HTML and Markdown to the text that they show."""

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
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\((?!/)[^()\s]{1,2000}(?: \"[^\"\n]{0,300}\")?\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,30}\]:?")
_EMPHASIS = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,1000}?)(?<=[^\s*])\1(?![\w*])"),
    re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^_\n]{1,1000}?)(?<=[^\s_])\1(?![\w_])"),
    re.compile(r"(?<![\w~])(~~)(?=\S)([^~\n]{1,1000}?)(?<=\S)\1(?![\w~])"),
    re.compile(r"(?<!`)(`{1,2})(?=[^`])([^`\n]{1,1000}?)(?<=[^`])\1(?!`)"),
)


def without_markup(text: str) -> str:
    """The text without tags, entities and signs of Markdown; blocks of HTML stand on lines of their own."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _without_tags(text)
    if "](" in text or "[^" in text:
        text = _FOOTNOTE.sub("", _LINK.sub(r"\1", text))
    for mark, pattern in zip("*_~`", _EMPHASIS, strict=True):
        if mark in text:
            text = pattern.sub(r"\2", text)
    return text


def _without_tags(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", _HIDDEN.sub(" ", text))
    text = _CELL.sub(", ", text)
    text = _ITEM.sub("\n- ", text)
    text = _HEADING.sub("\n\n# ", text)
    text = _LINE.sub("\n", _PARAGRAPH.sub("\n\n", text))
    return _TAG.sub("", text)
