"""Written text to the words that a person would say: common rules, and a module a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize import common
from muspeaker.text.normalize.english import rules as english
from muspeaker.text.normalize.lines import close_lines
from muspeaker.text.normalize.markup import without_markup
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
    return normalized(text, language).text


def normalized(text: str, language: str = "en-us") -> TracedText:
    """`normalize`, with the place in the text that each word came from."""
    traced = TracedText(text)
    rules = LANGUAGES.get(language.lower().replace("_", "-").split("-")[0])
    common.one_newline(traced)
    without_markup(traced)
    close_lines(traced)
    if rules is None:
        common.clean(traced)
        common.finish(traced)
        return traced
    common.replace_signs(traced, rules.SIGNS)
    common.clean(traced)
    rules.spell_out(traced, language)
    common.finish(traced, rules.keeps_apostrophe)
    return traced
