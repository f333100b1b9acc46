"""Names of emoji, kind by kind."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.options import SynthesisOptions
from muspeaker.text.normalize import normalized
from muspeaker.text.traced import TracedText

NEEDS = pytest.mark.skipif(find_spec("emoji") is None, reason="needs muspeaker[emoji]")
KINDS = {
    "alone": ("😀", "Grinning face"),
    "before a mark": ("I love NY 😀❤️.", "I love NY, grinning face, red heart."),
    "in a sentence": ("Nice 🎉 work", "Nice, party popper, work"),
    "after a sentence": ("Great work. 👍 Bye.", "Great work. Thumbs up, Bye."),
    "several times": ("Ha 😂😂 😂!", "Ha, face with tears of joy!"),
    "in a list": ("- 🐱 cat\n- 🐶 dog", "cat face, cat. dog face, dog."),
    "skin tone": ("Hi 👋🏿!", "Hi, waving hand!"),
    "two skin tones": ("🧑🏻‍🤝‍🧑🏾", "People holding hands"),
    "skin tones only": ("🧑🏿‍❤️‍🧑🏻", "Couple with heart person person"),
    "skin tone alone": ("No 🏽 tone.", "No tone."),
    "same but for the skin": ("🤝🏽🤝🏿", "Handshake"),
    "family": ("👨‍👩‍👧", "Family man woman girl"),
    "trade": ("👨🏽‍🚀", "Man astronaut"),
    "unknown sequence": ("👨‍👩🏿‍👧🏻‍👦🏾", "Man, woman, girl, boy"),
    "flag of a country": ("🇫🇷 won", "Flag of France, won"),
    "flag of a region": ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "Flag of England"),
    "half a flag": ("Half 🇫 flag", "Half flag"),
    "pirate flag": ("🏴‍☠️", "Pirate flag"),
    "digit in a frame": ("Press 1️⃣ now", "Press one now"),
    "sign of text": ("© 2020 Ann™", "copyright twenty twenty Ann"),
    "ordinal in a name": ("🥇", "first place medal"),
    "brackets in a name": ("🅰", "A button blood type"),
    "apostrophe in a name": ("🕐", "One o'clock"),
    "emoticon": ("Well :)", "Well"),
}


def said(text: str, *, emoji: bool = True) -> str:
    return " ".join(utterance.text for utterance in muspeaker.read(text, emoji=emoji))


@NEEDS
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str) -> None:
    text, expected = KINDS[kind]
    assert said(text) == expected


@NEEDS
def test_words_are_at_the_place_of_their_emoji() -> None:
    words = muspeaker.read("Done 👍🏽🎉!", emoji=True)[0].words
    assert [(word.text, word.written) for word in words] == [
        ("Done", "Done"), ("thumbs", "👍🏽"), ("up", "👍🏽"), ("party", "🎉"), ("popper", "🎉"),
    ]  # fmt: skip


@NEEDS
def test_every_emoji_has_a_name_that_can_be_read() -> None:
    from emoji import EMOJI_DATA  # noqa: PLC0415 (an extra)

    tones = {chr(code) for code in range(0x1F3FB, 0x1F400)}
    for one in EMOJI_DATA:
        if one not in tones:
            text = said(f"a {one} b")
            assert "skin" not in text
            assert len(text) > len("a b") or one[0] in "#*®™", one


def test_off_by_default() -> None:
    assert said("I love NY 😀❤️.", emoji=False) == "I love NY."


@NEEDS
def test_other_languages() -> None:
    text = TracedText("Bravo 🎉!")
    normalized(text, "de", emoji=True)
    assert text.text == "Bravo, konfettibombe!"
    with pytest.raises(ValueError, match="emoji have no names in 'nl'"):
        normalized(TracedText("🎉"), "nl", emoji=True)


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "emoji", None)
    with pytest.raises(ValueError, match=r"pip install 'muspeaker\[emoji\]'"):
        muspeaker.read("🎉", emoji=True)
    assert said("coffee") == "coffee"


def test_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="emoji must be a bool, got str"):
        SynthesisOptions(emoji="yes")


@NEEDS
def test_command_line() -> None:
    result = CliRunner().invoke(app, ["read", "Hi 🐶", "--emoji"])
    assert result.exit_code == 0
    assert result.output.startswith("Hi, dog face")
