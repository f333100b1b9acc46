"""Reading: an article again and again, articles never read before, and 4,096 characters of what is worst."""

from __future__ import annotations

import random
import statistics
import string
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import muspeaker

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

# 52 words, 10 of them to be written out.
PARAGRAPH = (
    "On Nov 28, 2026 the town council said it would spend $1.5M on Elm St., where 12 of 40 houses stand empty. "
    "Dr. Ann Lee, who has lived there since 1984, called the plan a first step, though prices rose 7.5% last year and "
    "nobody at the meeting could say where 300 families would go before work ends at 5:30 p.m. each day."
)
ARTICLE = "\n\n".join([PARAGRAPH] * 5)
ARTICLES = sorted(Path(__file__).with_name("articles").glob("*.txt"))  # news, a story, a recipe
_RANDOM = random.Random(1)
WORST = {
    "random words": "".join(_RANDOM.choice(string.ascii_lowercase + " " * 5) for _ in range(4096)),
    "random letters": "".join(_RANDOM.choice(string.ascii_letters) for _ in range(4096)),
    "base64": "".join(
        _RANDOM.choice(f"{string.ascii_letters}{string.digits}+/") for _ in range(4096)
    ),
    "halves": "½" * 4096,
    "mixed numbers": "9½" * 2048,
    "signs": "9∑" * 2048,
    "degrees": "9℃" * 2048,
    "sentences": "5。" * 2048,
    "numbered": "⒈" * 4096,
    "refused when written out": "≤" * 4096,
    "list": "1. x\n" * 820,
}


def test_article(benchmark: BenchmarkFixture) -> None:
    assert 280 <= len(ARTICLE.split()) <= 330
    benchmark(muspeaker.read, ARTICLE)


def test_new_articles(benchmark: BenchmarkFixture) -> None:
    """Articles of about 300 words, each for the first time in this process; in `extra_info` in processor time.

    What is shown is the time of the first reading, on the clock; the same article is read again after it.
    """
    muspeaker.read(ARTICLE)
    muspeaker.read("Zxqvy.")  # and the model for unknown words
    waiting = [path.read_text("utf-8") for path in ARTICLES]
    seconds: list[tuple[float, float]] = []
    texts: list[str] = []

    def read_again() -> None:
        if texts:
            started = time.process_time()
            muspeaker.read(texts[-1])
            seconds[-1] = (seconds[-1][0], time.process_time() - started)
        if waiting:
            texts.append(waiting.pop())

    def read() -> None:
        started = time.process_time()
        muspeaker.read(texts[-1])
        seconds.append((time.process_time() - started, 0.0))

    benchmark.pedantic(read, setup=read_again, rounds=len(ARTICLES))
    read_again()
    new, again = (statistics.median(column) for column in zip(*seconds, strict=True))
    benchmark.extra_info.update(new_seconds=new, again_seconds=again, new_by_again=new / again)


@pytest.mark.parametrize("name", WORST)
def test_worst(name: str, benchmark: BenchmarkFixture) -> None:
    def read() -> None:
        from muspeaker.text.letter_to_sound import shipped_letter_to_sound  # noqa: PLC0415

        shipped_letter_to_sound("us")._read.cache_clear()
        with suppress(ValueError):
            muspeaker.read(WORST[name])

    benchmark.pedantic(read, rounds=5, warmup_rounds=1)
