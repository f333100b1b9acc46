"""Web and mail addresses, paths, file names, handles."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english.initials import spelled, spoken_part
from muspeaker.text.normalize.english.source import PatternRule, Source

_MARKS = {
    "/": "slash", ".": "dot", "-": "dash", "_": "underscore", "?": "question mark", "=": "equals", "&": "and",
    "#": "hash", ":": "colon", "%": "percent", "~": "tilde", "@": "at", "+": "plus", "\\": "backslash",
}  # fmt: skip
_PIECE = re.compile(r"[^\W_]+|[^\w\s]|_")
_END = r"(?<![.,;:!?)\]'])"
_DOMAINS = "com|org|net|edu|gov|mil|int|info|biz|io|ai|dev|app|co|uk|us|eu|de|fr|ca|au|nz|ch|ie|tv|me|ly|gl|xyz|tech|blog|shop|fm"
_FILES = (
    "pdf|txt|png|jpe?g|gif|svg|html?|css|js|ts|py|md|csv|tsv|xml|json|ya?ml|toml|exe|dll|zip|tar|gz|docx?|xlsx?|pptx?|"
    "mp[34]|wav|ogg|flac|avi|mov|sh|bat|cpp|hpp|rs|java|ini|cfg|log|sql|iso|odt|rtf|gguf|so"
)


def spoken_address(address: str) -> str:
    """All of an address: its words, and names for its marks."""
    return " ".join(
        _MARKS.get(piece) or (spoken_part(piece) if piece[0].isalnum() else "")
        for piece in _PIECE.findall(address)
    )


class WebAddress(PatternRule):
    """`https://www.example.com/a`, `example.com`."""

    pattern = (
        rf"(?i:(?:https?://|ftp://|www\.|localhost:(?=\d))[^\s<>\"]{{1,2000}}{_END}"
        rf"|(?:[A-Za-z0-9-]{{1,63}}\.){{1,5}}(?:{_DOMAINS})(?![\w@-]|\.\w)(?:[/:?#][^\s<>\"]{{0,2000}}{_END})?)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        written = match[0]
        if written.count(".") == 1 and written[0].isupper() and written.split(".")[1].istitle():
            return None  # two sentences without a space
        address = re.sub(r"^\w+://", "", written, flags=re.IGNORECASE).rstrip("/")
        return spoken_address(address)


class MailAddress(PatternRule):
    """`joe.b@mail.org`."""

    pattern = (
        r"(?:mailto:)?[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,10}(?!\w)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return spoken_address(match[0].removeprefix("mailto:"))


class FileName(PatternRule):
    """`report.pdf`, `main.py`."""

    pattern = (
        rf"[A-Za-z0-9_-]{{1,64}}(?:\.[A-Za-z0-9_-]{{1,16}}){{0,3}}\.(?:{_FILES})(?![\w@/-]|\.\w)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return spoken_address(match[0])


class RelativePath(PatternRule):
    """`src/main.cpp`: a file with a known ending, in folders."""

    pattern = rf"(?:[\w-]{{1,64}}/){{1,19}}[\w-]{{1,64}}(?:\.[\w-]{{1,16}}){{0,3}}\.(?:{_FILES})(?![\w@/-]|\.\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return spoken_address(match[0])


class AbsolutePath(PatternRule):
    """`/etc/hosts`, `~/notes.txt`, `../src`."""

    pattern = rf"(?:~|\.{{1,2}})?/[\w.@+-]{{1,64}}(?:/[\w.@+-]{{1,64}}){{0,19}}/?{_END}(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        before = source.character(match.start() - 1)
        if (
            before.isalnum()
            or before in {")", ".", "/", "'"}
            or not any(map(str.isalpha, match[0]))
        ):
            return None
        return spoken_address(match[0].rstrip("/") or "/")


class DrivePath(PatternRule):
    r"""`C:\Users\me`."""

    pattern = (
        r"([A-Za-z]):((?:\\[\w.@+-]{1,64}(?: [\w.@+-]{1,64}){0,3}(?=\\)){0,20}\\[\w.@+-]{0,64})"
        rf"{_END}(?![\w\\])"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return f"{spelled(match[1])} colon {spoken_address(match[2])}"


class Handle(PatternRule):
    """`@john_doe`: at, and the words of the name."""

    pattern = r"@(\w{1,64})"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1).isalnum():
            return None
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", match[1].replace("_", " underscore "))
        return f"at {' '.join(spoken_part(part) or part for part in name.split())}"


class Hashtag(PatternRule):
    """`#MeToo`, `#throwback_thursday`: hashtag, and its words."""

    pattern = r"#(?=\w*[^\W\d])(\w{2,64})"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1).isalnum():
            return None
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", match[1].replace("_", " "))
        return f"hashtag {' '.join(spoken_part(part) or part for part in name.split())}"
