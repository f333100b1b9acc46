"""English words whose neighbours or accents tell how they are said, and the letter A."""

from __future__ import annotations

import pytest

from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.senses import senses
from muspeaker.text.phone_sets import parse_word


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("The lead pipe broke .", 1, "lˈɛd"),
        ("The lead singer left .", 1, "lˈid"),
        ("She took the lead .", 3, "lˈid"),
        ("I will lead paint sales .", 2, "lˈid"),
        ("The bass player left .", 1, "bˈAs"),
        ("The drums and the bass fit .", 4, "bˈAs"),
        ("He caught a bass .", 3, "bˈæs"),
        ("He sent his resume .", 3, "ɹˈɛzəmˌA"),
        ("They will resume it .", 2, "ɹəzˈum"),
        ("It made him content .", 3, "kəntˈɛnt"),
        ("The content is good .", 1, "kˈɑntɛnt"),
        ("It dove into the bushes .", 1, "dˈOv"),
        ("A white dove flew .", 2, "dˈʌv"),
        ("They had a row over money .", 3, "ɹˈW"),
        ("The first row is full .", 2, "ɹˈO"),
        ("Polish the table .", 0, "pˈɑlɪʃ"),
        ("The Polish table .", 1, "pˈOlɪʃ"),
        ("Drink sake with sushi .", 1, "sˈɑki"),
        ("For the sake of it .", 2, "sˈAk"),
        ("Minute traces were found .", 0, "mInˈut"),
        ("Wait a minute .", 2, "mˈɪnət"),
        ("It has wear and tear .", 4, "tˈɛɹ"),
        ("She shed a tear .", 3, "tˈɪɹ"),
    ],
)
def test_neighbours_decide_between_two_readings(text: str, word: int, phones: str) -> None:
    assert EnglishPhones("us")(text.split())[word] == phones


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_all_readings_have_phones_of_the_inventory(accent: str) -> None:
    for readings in senses(accent).values():
        for sense in readings:
            assert parse_word(sense.phones)
            assert sense.others
            assert sense.where in {"before", "after", "near"}


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("résumé", "ɹˈɛzəmˌA"),
        ("Résumés", "ɹˈɛzəmˌAz"),
        ("cliché", "kliʃˈA"),
        ("clichés", "kliʃˈAz"),
        ("protégé's", "pɹˈOTəʒˌAz"),
        ("rosé", "ɹOzˈA"),
        ("rose", "ɹˈOz"),
        ("brûlée", "bɹulˈA"),
        ("vis-à-vis", "vˌizəvˈi"),
        ("café", "kæfˈA"),  # as without the accent
        ("naïve", "nɑˈiv"),
        ("José", "hOzˈA"),
        ("Brontë", "bɹˈɑnti"),
    ],
)
def test_accents_tell_how_a_word_is_said(written: str, phones: str) -> None:
    assert EnglishPhones("us")([written]) == [phones]


@pytest.mark.parametrize("ending", ["é", "ée", "és", "é's"])
def test_an_unknown_word_with_an_accent_at_its_end_has_that_vowel(ending: str) -> None:
    plain, accented = EnglishPhones("us")(["blorpe", f"blorp{ending}"])
    assert not plain.endswith("A")
    assert accented.removesuffix("z").endswith("ˈA")
    assert accented.endswith("z") == ("s" in ending)


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("the A three twenty landed", 1, "ˈA"),
        ("one A one A A", 1, "ˈA"),
        ("if a is less than b", 1, "ˈA"),
        ("A dog barked", 0, "ɐ"),
        ("Once Upon A Time", 2, "ɐ"),
        ("it is a dog", 2, "ɐ"),
    ],
)
def test_a_is_a_letter_or_an_article(text: str, word: int, phones: str) -> None:
    assert EnglishPhones("us")(text.split())[word] == phones
