"""SSML: what each tag means, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import muspeaker
from muspeaker.text.manner import Manner
from muspeaker.text.passages import Passage, Reading, read_text
from muspeaker.text.phone_sets import MISAKI_SYMBOLS
from muspeaker.text.ssml import TAGS, begins_ssml

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer


def passages(inside: str) -> list[Passage]:
    reading = Reading(symbols=MISAKI_SYMBOLS, language="en-us", ssml=True)
    return read_text(f"<speak>{inside}</speak>", reading)


def said(inside: str) -> str:
    return " ".join(word.text + word.mark for p in passages(inside) for word in p.tokens.words)


@pytest.mark.parametrize(
    ("inside", "spoken"),
    [
        ("Tom &amp; Ann, 2 &lt; 3 &#66;", "Tom and Ann, two is less than three B"),
        ("Hi\n  there,\n  Bob", "Hi there, Bob"),
        ('<say-as interpret-as="characters">Ab1-</say-as>', "A B one dash"),
        ('<say-as interpret-as="spell-out">SQL</say-as> it', "S Q L it"),
        ('<say-as interpret-as="cardinal">1,234</say-as>', "one thousand two hundred thirty-four"),
        ('<say-as interpret-as="cardinal">XIV</say-as>', "fourteen"),
        ('<say-as interpret-as="ordinal">3</say-as>', "third"),
        ('<say-as interpret-as="digits">2024</say-as>', "two zero two four"),
        ('<say-as interpret-as="telephone">+1 555-1234</say-as>', "plus one, five five five, one two three four"),
        ('<say-as interpret-as="date" format="dmy">3/4/2021</say-as>', "April third, twenty twenty-one"),
        ('<say-as interpret-as="date" format="yyyymmdd">2021-04-03</say-as>', "April third, twenty twenty-one"),
        ('<say-as interpret-as="date">3/4/2021</say-as>', "March fourth, twenty twenty-one"),
        ('<say-as interpret-as="time">8:00</say-as>', "eight o'clock"),
        ('the <sub alias="World Wide Web">WWW</sub> is', "the World Wide Web is"),
        ("<p><s>One</s><s>Two</s></p><p>Three</p>", "One Two Three"),
        ("<!-- no --><?x y?>Hi", "Hi"),
    ],
)  # fmt: skip
def test_texts(inside: str, spoken: str) -> None:
    assert said(inside) == spoken


def test_phones() -> None:
    (passage,) = passages('a <phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>')
    word = passage.tokens.words[1]
    assert (word.text, word.written) == ("pecan", "pecan")
    spoken = [MISAKI_SYMBOLS[i] for i in passage.tokens.phones[word.start : word.end]]
    assert spoken == ["p", "ɪ", "k", "ɑː", "n"]


def test_words_have_their_places() -> None:
    text = '<speak>É &amp; <sub alias="two words">X</sub> yes</speak>'
    reading = Reading(symbols=MISAKI_SYMBOLS, language="en-us", ssml=True)
    words = read_text(text, reading)[0].tokens.words
    assert [(word.text, text[slice(*word.place)]) for word in words] == [
        ("É", "É"), ("and", "&"), ("two", "X"), ("words", "X"), ("yes", "yes")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "silence"),
    [
        ('One <break time="700ms"/> two', 0.7),
        ('One <break time="0.3s"/><break time="1s"/> two', 1.3),
        ('One <break strength="strong"/> two', 0.75),
        ("One <break/> two", 0.5),
        ("<s>One</s><s>two</s>", 0.2),
        ("<p>One</p> <p>two</p>", 0.5),
        ("One <emphasis>two</emphasis>", 0.06),
        ("One. <emphasis>Two</emphasis>", 0.2),
    ],
)
def test_silences(inside: str, silence: float) -> None:
    found = passages(inside)
    assert found[0].silence_after == pytest.approx(silence)
    assert found[-1].silence_after == 0.0
    assert found[0].is_exact_after == (
        "<s>" not in inside and "<p>" not in inside and "." not in inside[:5]
    )


@pytest.mark.parametrize(
    ("tag", "manner"),
    [
        ('prosody rate="slow"', Manner(speed=0.75)),
        ('prosody rate="150%"', Manner(speed=1.5)),
        ('prosody rate="+20%"', Manner(speed=1.2)),
        ('prosody rate="1.2" pitch="+2st" volume="+6dB"', Manner(1.2, 2.0, 10**0.3)),
        ('prosody pitch="x-low" volume="soft"', Manner(1.0, -6.0, 0.5)),
        ('prosody pitch="+100%" volume="50"', Manner(1.0, 12.0, 0.5)),
    ],
)
def test_manners(tag: str, manner: Manner) -> None:
    plain, changed, again = passages(f"One <{tag}>two</{tag.split(maxsplit=1)[0]}> three")
    assert (plain.manner, again.manner) == (Manner(), Manner())
    assert vars(changed.manner) == pytest.approx(vars(manner))


def test_manners_within_manners() -> None:
    found = passages(
        '<prosody rate="slow">a <prosody rate="200%" pitch="+1st">b</prosody></prosody>'
    )
    assert [p.manner for p in found] == [Manner(0.75), Manner(1.5, 1.0)]
    levels = [
        passages(f'<emphasis level="{level}">a</emphasis>')[0].manner
        for level in ("strong", "moderate", "none", "reduced")
    ]
    assert levels[0].volume > levels[1].volume > levels[2].volume == 1.0 > levels[3].volume


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<speak><audio src='a'/>Hi</speak>", "<audio> is not understood: expected " + ", ".join(TAGS)),
        ("<speak><amazon:effect>Hi</amazon:effect></speak>", "<amazon:effect> is not understood"),
        ("<speak>Tom & Ann</speak>", "cannot read the SSML: not well-formed .invalid token., line 1, column"),
        ("<speak>Hi", "cannot read the SSML: no element found"),
        ("<p>Hi</p>", "SSML must have one <speak> around all of it"),
        ("Hi", "cannot read the SSML: syntax error"),
        ("<speak><speak>Hi</speak></speak>", "SSML must have one <speak>"),
        ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', "document type or entities is refused"),
        ('<!DOCTYPE speak SYSTEM "http://a/b"><speak>Hi</speak>', "document type or entities is refused"),
        ("<speak>&nbsp;Hi</speak>", "undefined entity"),
        ('<speak><break time="soon"/>Hi</speak>', "cannot read '<break time=\"soon\"/>'"),
        ('<speak><break strength="big"/>Hi</speak>', '<break strength="big"> is not understood: expected none'),
        ('<speak><prosody rate="quick">Hi</prosody></speak>', '<prosody rate="quick"> is not understood'),
        ('<speak><prosody contour="x">Hi</prosody></speak>', "<prosody> has no attribute 'contour'"),
        ('<speak><say-as interpret-as="x">Hi</say-as></speak>', 'interpret-as="x"> is not understood'),
        ("<speak><say-as>Hi</say-as></speak>", "<say-as> lacks its interpret-as"),
        ('<speak><say-as interpret-as="ordinal">Hi</say-as></speak>', "'Hi' in <say-as> is no number"),
        ('<speak><phoneme alphabet="x-sampa" ph="a">Hi</phoneme></speak>', "alphabet 'x-sampa': expected 'ipa'"),
        ('<speak><sub alias="x"><p>Hi</p></sub></speak>', "<p> cannot stand in <sub>"),
        ("<speak>" + "<p>" * 40 + "Hi" + "</p>" * 40 + "</speak>", "nested too deeply"),
        ('<speak><break time="60s"/>' + 'a<break time="60s"/>' * 11 + "</speak>", "pauses add up to 720 s"),
        ("<speak> <p/> </speak>", "nothing to speak"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        muspeaker.read(text, ssml=True)


def test_beginnings() -> None:
    assert all(
        map(begins_ssml, ["<speak>", " <speak version='1'>", "<?xml version='1.0'?>\n<speak>"])
    )
    assert not any(map(begins_ssml, ["<speaker>", "a <speak>", "speak"]))


def test_speech_in_a_manner(shipped: Synthesizer) -> None:
    plain = shipped.synthesize("<speak>Good morning.</speak>", ssml=True)
    slow = shipped.synthesize(
        '<speak><prosody rate="50%" volume="x-soft">Good morning.</prosody></speak>', ssml=True
    )
    assert 1.6 < slow.duration / plain.duration < 2.4
    assert np.abs(slow.samples).max() < 0.6 * np.abs(plain.samples).max()
    with pytest.raises(ValueError, match="phonemes and ssml exclude each other"):
        shipped.stream("<speak>a</speak>", ssml=True, phonemes=True)
