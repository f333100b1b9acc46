"""A British r at the end of a word, which is heard where a vowel follows."""

from __future__ import annotations

import pytest

from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.words import tagged_pieces
from muspeaker.text.respelling import Pronounced


def say(text: str, accent: str = "us") -> str:
    return " ".join(phones for phones in EnglishPhones(accent)(text.split()) if phones)


@pytest.mark.parametrize(
    ("text", "gb"),
    [
        ("there are a few", "ðɛːɹ ɑːɹ ɐ fjˈuː"),
        ("for an hour or a year in summer", "fɔːɹ ɐn ˈWəɹ ɔːɹ ɐ jˈɪəɹ ɪn sˈʌmə"),
        ("far - off", "fˈɑː ˈɒf"),
        ("far-off", "fˈɑːɹˌɒf"),
        ("R and B", "ˈɑːɹ and bˈiː"),
        ("never , ever", "nˈɛvə ˈɛvə"),
        ("never the", "nˈɛvə ðə"),
        ("her father's idea of it", "hɜː fˈɑːðəz Idˈɪə ɒv ɪt"),
        ("law and order", "lˈɔː and ˈɔːdə"),
        ("genre or sailor of", "ʒˈɒnɹə ɔː sˈAləɹ ɒv"),
    ],
)
def test_a_british_r_is_heard_before_a_vowel(text, gb):
    assert say(text, "gb") == gb
    assert say(text).count("ɹ") == text.lower().count("r")  # in America it always is


def test_the_r_that_a_user_did_not_give_is_not_heard():
    reading = EnglishPhones("gb")
    pieces = tagged_pieces("Mayor Ellis")
    given = [Pronounced(0, 5, "mˈA", "Mayor"), None]
    assert reading.read(pieces, given)[0][1] == "mˈA"
