"""Letters with full stops, letters said one by one, and words of letters and digits."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source, Spoken
from muspeaker.text.normalize.english.tables import members, table

_SPELLED_PARTS = frozenset((
    "etc", "usr", "src", "lib", "tmp", "dev", "cfg", "pdf", "txt", "png", "jpg", "html", "css", "js", "py", "md",
    "csv", "tsv", "xml", "exe", "dll", "io", "uk", "us", "eu", "ai", "tv", "cc", "sql", "mp", "avi", "api", "ftp", "ssh",
    "url", "www", "rs", "cpp", "hpp", "odt", "rtf", "ini", "iso", "id", "http", "https", "de", "fr", "au", "ca", "nz", "ch",
))  # fmt: skip
_SAID_PARTS = frozenset(
    ("my", "by", "why", "try", "fly", "sky", "sync", "dry", "cry", "shy", "gym", "hmm", "mr", "dr")
)  # fmt: skip
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_PART = re.compile("[A-Z][a-z]?")
_RUN = re.compile(r"[^\W\d_]+|\d+")


def spelled(letters: str) -> str:
    """`C O`: capitals apart, which the readers of phones say as one word of letters."""
    return " ".join(letters.upper())


def spoken_part(part: str) -> str:
    """Letters and digits of an address or a path: words as words, `usr` and `pdf` letter by letter."""
    return " ".join(_spoken_run(run) for run in _RUN.findall(part))


def _spoken_run(run: str) -> str:
    if run.isdecimal():
        return number_words.in_pairs(run) if len(run) < 5 else number_words.by_digits(run)
    low = run.lower()
    is_short = len(run) > 1 and not _VOWEL.search(run) and len(run) < 6
    if (low in _SPELLED_PARTS or is_short) and low not in _SAID_PARTS:
        return spelled(run)
    return run


class Initials(PatternRule):
    """`U.S.`, `J. K. Rowling`, `e.g.`, `Ph.D.`; the last stop stays where it ends a sentence."""

    pattern = r"(?:[^\W\d_]{1,2}\.){1,10}(?:[^\W\d_]{1,2}(?![^\W_]))?(?:'?s\b|-(?=[a-z]))?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        written = match[0].removesuffix("-")
        glue = " " * match[0].endswith("-")
        letters, has_s = re.subn(r"(?<=\.)'?s\.?$", "", written)
        known = table("dotted").get(letters.lower())
        if known and has_s:
            return f"{known[0]}'s{'.' * written.endswith('.')}{glue}"
        if known:
            return known[0] + self._stop(written, known[1], match.end(), source) + glue
        if written.count(".") < 2 and not (written.count(".") == 1 and len(written) > 2):
            return self._single(match, source)
        parts = letters.rstrip(".").split(".")
        names = "".join(parts)
        if not _are_initials(parts):
            return None
        end = match.end()
        is_end = written.endswith(".") and (has_s > 0 or source.sentence_follows(end))
        return spelled(names) + "'s" * has_s + "." * is_end + glue

    @staticmethod
    def _stop(written: str, where: str, end: int, source: Source) -> str:
        is_end = written.endswith(".") and where == "maybe" and source.sentence_follows(end)
        return "." if is_end else ""

    @staticmethod
    def _single(match: re.Match[str], source: Source) -> str | None:
        """One letter with a stop: the initial of a name, if a name follows, or a genus as in `E. coli`."""
        written, end = match[0], match.end()
        letter = written[0]
        following = source.next_word(end)
        is_initial = letter.isupper() and letter != "I" and len(written) == 2
        if _LETTER_BEFORE.search(source.before(match.start())):
            return None  # the last of several letters, as in `five P M.`
        if source.word_before(match.start()).lower() in _BEFORE_LETTERS and following[:1].isupper():
            return None
        is_name = following[:1].isupper() and not source.sentence_follows(end)
        if not (is_initial and (is_name or following[:1].islower())):
            return None
        return letter


def _are_initials(parts: list[str]) -> bool:
    """Capitals of one letter each, or a degree such as `Ed.D.`."""
    if all(len(part) == 1 and part.isupper() for part in parts):
        return True
    is_degree = len(parts) > 1 and all(part[0].isupper() for part in parts)
    return is_degree and parts[0].lower() not in table("abbreviations") and len(parts[-1]) == 1


_BEFORE_LETTERS = frozenset(
    ("a", "an", "plan", "vitamin", "grade", "hepatitis", "option", "letter")
)
_LETTER_BEFORE = re.compile(r"(?:^|[^\w.])[A-Z] $")


class Acronym:
    """Words in capitals that neither the lexicon nor their letters tell how to say: `WHO`, `FAQ`; `SIM`."""

    def read(self, source: Source, at: int) -> Spoken | None:
        """See `Rule`."""
        match = _CAPITALS.match(source.text, at)
        if match is None:
            return None
        if len(match[1]) == 3 and match[1] in members("acronyms", "said"):
            return Spoken(match[0].lower(), match.end())
        before = source.word_before(at).lower()
        is_named = before in _BEFORE_NAMES and match[1] in members("acronyms", "after_the")
        if not is_named and match[1] not in members("acronyms", "spelled"):
            return None
        is_part = (
            source.character(match.end()) == "-" and not source.character(match.end() + 1).isdigit()
        )
        if is_part or source.character(at - 1) in {"-", "."}:
            return None
        plural = "'s" if match[2] else ""
        return Spoken(f"{spelled(match[1])}{plural}", match.end())


_BEFORE_NAMES = frozenset(("the", "a", "an", "of", "from", "by", "with", "for", "to", "at", "in"))
_CAPITALS = re.compile(r"([A-Z]{2,5})('?s)?(?![\w.]\w|\w)")


class LettersAndSign(PatternRule):
    """`Q&A`, `AT&T`, `R&D`."""

    pattern = r"([A-Z]{1,3})&([A-Z]{1,3})(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return f"{spelled(match[1])} and {spelled(match[2])}"


class LettersAndDigits(PatternRule):
    """`CO2`, `H2O`, `MP3`, `COVID19`, `B12`, `Q1`, `v2.3`, `C-3PO`; and `iPhone15`."""

    pattern = r"([^\W\d_]+)(\d+(?:\.\d+)*)([^\W_]*)(?![^\W_])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        letters, digits, rest = match[1], match[2], match[3]
        if letters.lower() == "v" and not rest:
            is_said = source.word_before(match.start()).lower() in {"version", "versions"}
            return _version(digits) if is_said else f"version {_version(digits)}"
        if len(letters) == 1 and letters == "x" and not rest and "." not in digits:
            return f"times {number_words.cardinal(digits)}"
        number = _version(digits) if "." in digits else _code_run(digits)
        return " ".join([_code_run(letters), number, *map(_code_run, _RUN.findall(rest))])


class Processor(PatternRule):
    """`i7-12700K`."""

    pattern = r"i([3579])-(\d{1,2})(\d{3})([A-Z]{0,3})(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        line, head, tail = (
            number_words.cardinal(match[1]),
            number_words.cardinal(match[2]),
            match[3],
        )
        number = f"{head} {number_words.in_pairs(tail)}"
        return f"I {line}, {number} {spelled(match[4])}".rstrip()


class Formula(PatternRule):
    """`NaCl`, `HCl`: elements without digits, of which one has two letters; and `Ca(OH)2`."""

    pattern = (
        r"(?:[A-Z][a-z]?){2,6}(?![\w'(])"
        r"|(?:[A-Z][a-z]?\d{0,2}){1,6}\((?:[A-Z][a-z]?\d{0,2}){1,6}\)\d{1,2}(?!\w)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        runs = _RUN.findall(match[0])
        if len(runs) == 1:
            return spelled(runs[0]) if _is_formula(runs[0]) else None
        if not all(part in _ELEMENTS for run in runs for part in _PART.findall(run)):
            return None
        return " ".join(
            number_words.cardinal(run) if run.isdecimal() else spelled(run) for run in runs
        )


def _is_formula(run: str) -> bool:
    """Whether letters are two elements or more, of which one has two letters: `NaHCO` of `NaHCO3`."""
    parts = _PART.findall(run)
    is_whole = len(parts) > 1 and "".join(parts) == run
    return is_whole and all(p in _ELEMENTS for p in parts) and any(len(p) > 1 for p in parts)


def _version(digits: str) -> str:
    return " point ".join(number_words.cardinal(part) for part in digits.split("."))


def _code_run(run: str) -> str:
    if run.isdecimal():
        if len(run) > 1 and run[0] == "0":
            return number_words.by_digits(run)
        return number_words.in_pairs(run) if len(run) < 5 else number_words.by_digits(run)
    if _is_formula(run):
        return spelled(run)
    if len(run) > 3 or run in members("acronyms", "said"):
        return run
    is_code = run.isupper() or len(run) == 1 or run in _ELEMENTS or not _VOWEL.search(run)
    return spelled(run) if is_code else run


_ELEMENTS = frozenset(
    ("H", "C", "N", "O", "F", "P", "S", "K", "I", "B", "Na", "Ca", "Fe", "Mg", "Cl", "Br", "Si", "Al", "Zn", "Cu", "Ag",
     "Li", "Mn", "Pb", "Hg", "Ti", "He", "Ni", "Cr", "Cd", "Ba", "Sn", "Au", "Pt")
)  # fmt: skip
