"""Written text to the words that a person would say: common rules, and a module a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize import common
from muspeaker.text.normalize.english import rules as english
from muspeaker.text.normalize.lines import closed_lines
from muspeaker.text.normalize.markup import without_markup

if TYPE_CHECKING:
    from types import ModuleType

# First part of a language tag: a module with SIGNS (a dict), spell_out(text, language) and keeps_apostrophe(text, at).
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
    rules = LANGUAGES.get(language.lower().replace("_", "-").split("-")[0])
    text = closed_lines(without_markup(common.one_newline(text)))
    if rules is None:
        return common.finish(common.clean(text))
    text = common.clean(text.translate(str.maketrans(rules.SIGNS)))
    return common.finish(rules.spell_out(text, language), rules.keeps_apostrophe)
