"""Emoji as their names, such as `grinning face`: the short names of Unicode's CLDR, which the package `emoji` brings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

REACH = 40  # characters before an emoji in which the end of a sentence is looked for
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_TONE_NAME = re.compile(r" (?:(?:medium-)?(?:light|dark)|medium) skin tone\b")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007f]+")
# Digits in a frame, and signs of text such as ©: these are read without this.
_NO_PICTURE = re.compile(r"[\x00-\x7f]\ufe0f?\u20e3|[©®™‼⁉ℹ]\ufe0f?")

_SPACES = re.compile(r"[^\S\n]*")
_LINE_END = re.compile(r"\s*(?:\n|$)")


def name_emoji(text: TracedText, language: str) -> None:
    """Write out emoji, between commas; the same one several times in a row is said once.

    Skin tones are not said. A sequence that makes one picture has one name; one that Unicode does not know is the
    names of its parts. Of a flag it is said that it is one.

    Args:
        text: Any text.
        language: Language tag; its first part chooses the names.

    Raises:
        ValueError: If there are no names in that language, or the package is missing: a server says so to its client.
    """
    if text.text.isascii():
        return
    package, key = _package(), language.lower().replace("_", "-").split("-")[0]
    if key not in package.LANGUAGES:
        known = ", ".join(sorted(package.LANGUAGES))
        raise ValueError(f"emoji have no names in {language!r}: expected one of {known}")
    package.config.load_language(key)
    edits: list[tuple[int, int, str]] = []
    for run in _runs(text.text, package.emoji_list(text.text)):
        edits += _named(text.text, run, [_name(package, emoji, key) for _, _, emoji in run])
    text.edit(edits, whole=True)


def _runs(text: str, found: list[dict[str, Any]]) -> list[list[tuple[int, int, str]]]:
    """Start, end and characters of all emoji, those together that stand in a row."""
    runs: list[list[tuple[int, int, str]]] = []
    for one in found:
        start, end, emoji = one["match_start"], one["match_end"], one["emoji"]
        if _NO_PICTURE.fullmatch(emoji):
            continue
        if not runs or not _SPACES.fullmatch(text, runs[-1][-1][1], start):
            runs.append([])
        runs[-1].append((start, end, emoji))
    return runs


def _named(
    text: str, run: list[tuple[int, int, str]], names: list[str]
) -> list[tuple[int, int, str]]:
    """The edits that write out a run of emoji: each name once in a row, commas between and around them."""
    told: list[int] = []
    for index, name in enumerate(names):
        if name and not (told and names[told[-1]] == name):
            told.append(index)
    edits = []
    for index, (start, end, _) in enumerate(run):
        new = " " if index == 0 else ""
        if index in told[:1]:
            before = text[max(0, start - REACH) : start].rstrip("\"')]”’ \t")
            begins = not before or before[-1] in ".!?…\n"
            new = (
                f" {names[index][:1].upper()}{names[index][1:]}" if begins else f", {names[index]}"
            )
        elif index in told:
            new = f", {names[index]}"
        if index == len(run) - 1 and told:
            new += "" if _LINE_END.match(text, end) else ", "
        edits.append((start, end, new))
    return edits


def _name(package: Any, emoji: str, key: str) -> str:
    """The name in a language; empty for a skin tone alone."""
    plain = _SKIN_TONES.sub("", emoji)
    names = (
        package.EMOJI_DATA.get(plain) or package.EMOJI_DATA[emoji]
    )  # some exist with skin tones only
    name = str(names.get(key, "")).strip(":").replace("_", " ").replace("’", "'")
    name = "" if _SKIN_TONES.fullmatch(emoji) else _TONE_NAME.sub("", name)
    name = re.sub(r"[^\w' &.!-]", "", name)
    return f"flag of {name}" if key == "en" and _FLAG.fullmatch(plain) and name else name


def _package() -> Any:
    try:
        import emoji  # noqa: PLC0415 (an extra, and most texts are read without it)
    except ImportError as error:
        message = "names of emoji need a package: pip install 'muspeaker[emoji]'"
        raise ValueError(message) from error
    return emoji
