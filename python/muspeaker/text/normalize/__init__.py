"""Written text to text that espeak-ng reads as a person would: common rules, and a module a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.normalize import common, english

if TYPE_CHECKING:
    from types import ModuleType

# First part of a language tag: a module with SIGNS (a dict), spell_out(text) and keeps_apostrophe(text, at).
LANGUAGES: dict[str, ModuleType] = {"en": english}


def normalize(text: str, language: str = "en-us") -> str:
    """Clean a text, and spell out what espeak-ng reads wrongly in its language.

    Unicode is brought to NFKC; quotes, dashes and spaces to one form each; control characters and
    pictures are dropped. Paragraphs stay apart by a blank line. Then the language's own rules apply, if
    there are any, such as `english.spell_out`. Plain numbers are left to espeak-ng.

    Args:
        text: Any text.
        language: Language tag of espeak-ng. Its first part chooses the rules: `en` for `en-gb`.

    Raises:
        ValueError: As `common.clean`.
    """
    rules = LANGUAGES.get(language.lower().replace("_", "-").split("-")[0])
    if rules is None:
        return common.finish(common.clean(text))
    text = common.clean(text.translate(str.maketrans(rules.SIGNS)))
    return common.finish(rules.spell_out(text), rules.keeps_apostrophe)
