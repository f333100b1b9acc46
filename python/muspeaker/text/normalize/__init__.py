"""Written text to the words that a person would say: common rules, and a module a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize import common
from muspeaker.text.normalize.emoji_names import name_emoji
from muspeaker.text.normalize.english import rules as english
from muspeaker.text.normalize.lines import close_lines
from muspeaker.text.normalize.markup import without_markup
from muspeaker.text.normalize.script import drop_unreadable
from muspeaker.text.traced import TracedText

if TYPE_CHECKING:
    from types import ModuleType

# First part of a language tag: a module with SIGNS (a dict), spell_out(traced, language) and keeps_apostrophe(text, at).
LANGUAGES: dict[str, ModuleType] = {"en": english}


def normalize(text: str, language: str = "en-us") -> str:
    """Clean a text, and write out what its language reads otherwise than it is written.

    Entities, tags and Markdown are resolved; lines of lists and headings end with a full stop. Unicode is
    brought to NFKC; quotes, dashes and spaces to one form each; control characters and pictures are
    dropped. Paragraphs stay apart by a blank line. Then the language's own rules apply, if there are any,
    such as `english.rules.spell_out`; what is said then stands there in words, and reading it again changes
    nothing.

    Args:
        text: Any text.
        language: Language tag of espeak-ng. Its first part chooses the rules: `en` for `en-gb`.

    Raises:
        ValueError: As `common.clean`; in English also if there are letters of another script.
    """
    traced = TracedText(text)
    normalized(traced, language)
    return traced.text


def normalized(
    text: TracedText,
    language: str = "en-us",
    *,
    skip_unreadable: bool = False,
    emoji: bool = False,
) -> None:
    """`normalize` in place, so that the place of each word in the original is known.

    Args:
        text: The text.
        language: As for `normalize`.
        skip_unreadable: Whether letters of other scripts are dropped, where the language refuses them.
        emoji: Whether emoji are read by their names, not dropped.

    Raises:
        ValueError: As for `normalize`, or if emoji have no names in the language, or the package is missing.
    """
    if emoji:
        name_emoji(text, language)
    rules = LANGUAGES.get(language.lower().replace("_", "-").split("-")[0])
    common.one_newline(text)
    without_markup(text)
    close_lines(text)
    if rules is None:
        common.clean(text)
        common.finish(text)
        return
    common.replace_signs(text, rules.SIGNS)
    common.clean(text)
    if skip_unreadable:
        drop_unreadable(text)
    rules.spell_out(text, language)
    common.finish(text, rules.keeps_apostrophe)
