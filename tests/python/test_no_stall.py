"""4,096 characters of anything are read, or refused, in bounded time.

The times of docs/reading.md are measured by tests/bench; here a limit that no pattern of quadratic time would keep.
"""

from __future__ import annotations

import random
import signal
import string
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import muspeaker

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARACTERS = 4096
CPU_SECONDS = 5.0
UNITS = (
    "a", "9", "9 ", "1,", "$1.5M ", "<p>", "[", "(", "*a", "-", "a-", "a.", "A ", "A. ", "'", "/", "a/", "a@b.c ", "&amp;",
    "http://a.b/c?d=e&f ", "&lt;p&gt;", "a\n", "- x\n", "|a|b|\n", "1. x\n", "a" + "\u0301" * 40, "x^2 ", "1/2 ", "MMX ",
    "kxqvz ", "㎞", "½", "Ǆ", "[a](b ", "[^a", "<!--", "<a ", '<break time="1ms"/>', "aBcDe", "1a2b", "#a ", "~/a ", "ö",
    "well-known-", "999,999,", "Dr. ", "中", "zxqv-bbqt-", "[x](/ˈA/) ", "[[ˈA]]", "[pause 1ms]", "C:\\a b", "/a", "\ufdfa",
    "😀", "3:16, ", "1.299,00 € ", "<speak>", "a|", "\u2029", "\t", "_", "+1 555 ", "XIV", "iv ", "&", "\x00",
    "≤", "9 ≤ ", "9½", "9℃", "№", "5。", "⒈", "A <",
)  # fmt: skip
ALPHABETS = {
    "words": string.ascii_lowercase + " " * 5,
    "ascii": string.printable,
    "base64": string.ascii_letters + string.digits + "+/",
    "letters": string.ascii_letters,
    "latin": "".join(map(chr, range(0xA1, 0x250))) + " " * 40,
    "any": "".join(map(chr, range(0x20, 0xD800))),
}


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Fail when the process has taken more processor time than that."""

    def stop(*_given: object) -> None:
        raise AssertionError(f"still reading after {seconds} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read_or_refused(text: str, *, ssml: bool = False) -> None:
    refusal = ""
    with cpu_limit(CPU_SECONDS):
        try:
            muspeaker.read(text, ssml=ssml)
        except ValueError as error:
            refusal = str(error)
    assert len(refusal) < 500


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_a_unit_many_times(unit: str) -> None:
    read_or_refused((unit * (CHARACTERS // len(unit) + 1))[:CHARACTERS])


@pytest.mark.parametrize("name", ALPHABETS)
def test_any_letters(name: str) -> None:
    for seed in range(3):
        rng = random.Random(seed)
        read_or_refused("".join(rng.choice(ALPHABETS[name]) for _ in range(CHARACTERS)))


@pytest.mark.parametrize(
    "unit", ["<p>a</p>", "<break/>", "<s>", "a&amp;", "<prosody rate='slow'>a</prosody>", "&#65;"]
)
def test_ssml(unit: str) -> None:
    read_or_refused(f"<speak>{unit * (CHARACTERS // len(unit))}</speak>", ssml=True)


def busy(seconds: float) -> None:
    start = time.process_time()
    while time.process_time() < start + seconds:
        pass


def test_the_limit_fires() -> None:
    with pytest.raises(AssertionError, match="still reading"), cpu_limit(0.05):
        busy(5.0)
