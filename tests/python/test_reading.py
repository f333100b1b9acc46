"""`muspeaker.read`: words with their places in the text, phones, lexicons, and what cannot be read."""

from __future__ import annotations

import itertools
import json
import random
import warnings
from pathlib import Path  # noqa: TC003 (pytest reads it)
from typing import Any

import pytest
from typer.testing import CliRunner

import muspeaker
from muspeaker.book.recorder import BookRecorder
from muspeaker.cli import app
from muspeaker.sound.span import Span
from muspeaker.sound.subtitles import cues
from muspeaker.text.encodings import decoded
from muspeaker.text.respelling import UserLexicon, read_lexicon
from muspeaker.text.traced import TracedText

LONG = " ".join(
    ["the old man who lived by the river walked slowly to the market with his basket of apples"] * 4
)


def said(text: str, **options: Any) -> str:
    return " ".join(utterance.text for utterance in muspeaker.read(text, **options))


def phones(text: str, **options: Any) -> str:
    return " ".join(utterance.phones for utterance in muspeaker.read(text, **options))


def written(text: str, **options: Any) -> list[tuple[str, str]]:
    words = [word for utterance in muspeaker.read(text, **options) for word in utterance.words]
    for word in words:
        if "](" not in text and not options.get("ssml"):
            assert text[word.start : word.end] == word.written
    return [(word.text, word.written) for word in words]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It’s $5.", [("It's", "It’s"), ("five", "$5"), ("dollars", "$5")]),
        ("in the U.S. today", [("in", "in"), ("the", "the"), ("U S", "U.S."), ("today", "today")]),
        ("**Tom** &amp; <b>Ann</b>", [("Tom", "Tom"), ("and", "&"), ("Ann", "Ann")]),
        ("- bread\n- milk,\n2) tea", [("Bread", "bread"), ("Milk", "milk"), ("two", "2"), ("Tea", "tea")]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", [("A", "a"), ("b", "b"), ("one", "1"), ("two", "2")]),
        ("[The site](https://a.com) is up", [("The", "The"), ("site", "site"), ("is", "is"), ("up", "up")]),
        ("WE ARE\r\n\r\nÉTÉ 5½", [("we", "WE"), ("are", "ARE"), ("ÉTÉ", "ÉTÉ"), ("five", "5½"), ("and", "5½"), ("a", "5½"), ("half", "5½")]),
        ("# Nov 28\nshe’d (e\u0301te) left…", [("November", "Nov 28"), ("twenty-eighth", "Nov 28"), ("she'd", "she’d"), ("éte", "e\u0301te"), ("left", "left")]),
    ],
)  # fmt: skip
def test_words_know_what_was_written(text: str, words: list[tuple[str, str]]) -> None:
    assert written(text) == words


def test_places_lead_back_through_every_step() -> None:
    text = TracedText("one two three")
    text.edit([(4, 7, "2")], whole=True)
    text.edit([(4, 5, "twenty two")], whole=True)
    assert text.text == "one twenty two three"
    assert [text.place(0, 3), text.place(4, 10), text.place(11, 14), text.place(15, 20)] == [
        (0, 3), (4, 7), (4, 7), (8, 13)
    ]  # fmt: skip


def test_many_steps_lead_back_as_each_of_them_does() -> None:
    """Steps are joined to one; here each character keeps the first and the last place that it came from."""
    rng = random.Random(0)
    for _ in range(300):
        text = TracedText("".join(rng.choices("abc ", k=rng.randint(1, 30))))
        places = [(at, at) for at in range(len(text.text))]
        for _ in range(rng.randint(1, 6)):
            edits, after, done = [], [], 0
            while done < len(text.text) and rng.random() < 0.8:
                start = rng.randrange(done, len(text.text))
                end = rng.randint(start + 1, min(start + 4, len(text.text)))
                new = "".join(rng.choices("xyz", k=rng.randint(0, 3)))
                edits.append((start, end, new))
                after += places[done:start] + [(places[start][0], places[end - 1][1])] * len(new)
                done = end
            places = after + places[done:]
            text.edit(edits, whole=True)
            if not places:
                break
            start, end = sorted(rng.choices(range(len(places)), k=2))
            first, last = places[start][0], places[end][1]
            assert text.place(start, end + 1) == (first, max(first, last) + 1)


def test_speech_and_subtitles_have_the_original(shipped: muspeaker.Synthesizer) -> None:
    audio = shipped.synthesize("Pay $5 on Nov 28.")
    assert [(w.text, w.written, w.place) for w in audio.words] == [
        ("Pay", "Pay", (0, 3)), ("five", "$5", (4, 6)), ("dollars", "$5", (4, 6)), ("on", "on", (7, 9)),
        ("November", "Nov 28", (10, 16)), ("twenty-eighth", "Nov 28", (10, 16)),
    ]  # fmt: skip
    assert "\nPay $5 on Nov 28.\n" in audio.to_srt()


def test_a_thing_said_twice_is_shown_twice() -> None:
    words = [
        Span("five", 0, 1, written="5", place=(0, 1)),
        Span("five", 1, 2, written="5", place=(2, 3)),
    ]
    assert cues(words, 2.0)[0].lines == ("5 5",)


def test_phones_in_a_text() -> None:
    assert phones("[Worcester](/wˈʊstəɹ/) is [[həlˈO]].") == "wˈʊstəɹ ɪz həlˈO."
    assert phones("[Worcester](/wˈʊstəɹ/)'s sauce") == "wˈʊstəɹz sˈɔs"
    assert phones("[New York](/nˈu jˈɔɹk/), the [T.E.A.](/tˈi/)-time") == "nˈu jˈɔɹk, ðə tˈi tˈIm"
    assert phones("an [[jˈuz]] the [[ˈæpᵊl]]") == "ən jˈuz ði ˈæpᵊl".replace("ən", "ɐn")
    assert phones("[day](/deɪ/) [church](/tʃɜːtʃ/)") == "dA ʧɜːʧ"
    assert written("[Worcester](/wˈʊstəɹ/) [[həlˈO]]") == [
        ("Worcester", "Worcester"),
        ("həlˈO", "həlˈO"),
    ]
    with pytest.raises(ValueError, match=r"'ß' \(U\+00DF\) in 'ß' is no phone of misaki"):
        muspeaker.read("[x](/ß/)")


def test_a_lexicon_respells_or_gives_phones() -> None:
    lexicon = {
        "nginx": "engine x",
        "SQL": "sequel",
        "3M": "/θɹˈiˈɛm/",
        "Siobhan": "ʃəvˈɔn",
        "km": "/kˈeɪ/",
    }
    assert said("Nginx and SQL, not sql", lexicon=lexicon).startswith("engine x and sequel, not")
    assert phones("3M of Siobhan's", lexicon=lexicon) == "θɹˈiˈɛm ʌv ʃəvˈɔnz"
    assert phones("5 km", lexicon=lexicon) == "fˈIv kˈA"
    assert written("I use nginx, 3M", lexicon=lexicon) == [
        ("I", "I"), ("use", "use"), ("engine", "nginx"), ("x", "nginx"), ("3M", "3M")
    ]  # fmt: skip
    assert said("nginxed SQLite", lexicon=lexicon) == said("nginxed SQLite")


def test_a_book_begins_anew_with_another_lexicon(
    tts: muspeaker.Synthesizer, voice: muspeaker.Voice, tmp_path: Path
) -> None:
    path = tmp_path / "words.tsv"
    names = []
    for reading in ("cat", "cat", "dog"):
        path.write_text(f"b\t{reading}\n")
        recorder = BookRecorder(tts, voice, {"lexicon": path}, tmp_path / "a.wav")
        names.append(recorder._key.hexdigest())
    assert names[0] == names[1] != names[2]


def test_a_lexicon_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("# remark\nNew  York\tthe big apple\n\nC++\tsee plus plus\n", encoding="utf-16")
    assert said("New York, C++ and C+", lexicon=path).startswith("the big apple, see plus plus and")
    assert len(read_lexicon(str(path)) or ()) == 2
    path.write_text("one line without a tab\n")
    with pytest.raises(ValueError, match="line 1: expected a word, a tab and its reading"):
        read_lexicon(path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_lexicon(tmp_path / "none.tsv")
    with pytest.raises(TypeError, match="lexicon must be a dict or a path, got int"):
        muspeaker.SynthesisOptions(lexicon=5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lexicon has an empty word or reading"):
        UserLexicon({"a": " "})


def test_a_lexicon_for_espeaks_phones(tts: muspeaker.Synthesizer, voice: muspeaker.Voice) -> None:
    pytest.importorskip("espeakng_loader")
    audio = tts.synthesize("Hi Bob's cat.", voice, lexicon={"Bob": "/kˈæt/"})
    assert [(w.text, w.written, w.place) for w in audio.words][2] == ("cat", "cat", (9, 12))
    audio = tts.synthesize("Hi Bob, cat.", voice, lexicon={"Bob": "/kˈæt/"})
    spoken = [phone.text for phone in audio.phones]
    assert spoken[-3:] == spoken[-6:-3] == ["k", "æ", "t"]
    assert [word.text for word in audio.words] == ["Hi", "Bob", "cat"]


def test_unreadable_letters_are_refused_or_passed_over() -> None:
    text = "He said 你好 and Привет, café α."
    with pytest.raises(ValueError, match=r"cannot read 你 \(U\+4F60\), 好 \(U\+597D\), П"):
        muspeaker.read(text)
    with pytest.warns(muspeaker.ReadingWarning, match=r"passed over 你 \(U\+4F60\), 好") as caught:
        assert said(text, skip_unreadable=True) == "He said and, café alpha."
    assert len(caught) == 1
    with (
        pytest.warns(muspeaker.ReadingWarning),
        pytest.raises(ValueError, match="nothing to speak"),
    ):
        muspeaker.read("你好", skip_unreadable=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said("Plain.", skip_unreadable=True) == "Plain."


def test_what_is_written_out_has_a_limit() -> None:
    message = r"too long when it is written out: expected at most 8 times its 4096 characters"
    with pytest.raises(ValueError, match=message):
        muspeaker.read("≤" * 4096)
    with pytest.raises(ValueError, match="when it is written out"):  # in all pieces together
        muspeaker.read(("≤" * 20 + "[pause 1ms]") * 10)
    assert said("≤" * 30).count("less") == 30
    assert said("$777,777.77 " * 300).count("cents") == 300


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"\xef\xbb\xbfcaf\xc3\xa9", "café"),
        ("café".encode("utf-16"), "café"),
        (b"\xfe\xff\x00h\x00i", "hi"),
    ],
)
def test_encodings(data: bytes, text: str) -> None:
    assert decoded(data) == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"caf\xe9", "text is not UTF-8: byte 0xe9 at 3"),
        (b"\xef\xbb\xbfcaf\xe9!", "text is not UTF-8: byte 0xe9 at 6"),
        (b"\xff\xfeh\x00i", "text is not UTF-16: byte 0x69 at 4"),
        (b"\x00h\xd8\x00", "text is not UTF-8: byte 0xd8 at 2"),
    ],
)
def test_other_bytes_are_named(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decoded(data)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"Good start. Caf\xe9.")
    result = CliRunner().invoke(app, ["say", "--file", str(path), "-o", str(tmp_path / "a.wav")])
    assert result.exit_code == 1
    assert "is not UTF-8: byte 0xe9 at 15" in result.output
    assert not (tmp_path / "a.wav").exists()


def test_a_long_stretch_is_cut_where_a_reader_breathes() -> None:
    parts = muspeaker.read(LONG)
    assert 2 <= len(parts) <= 4
    for part in parts[1:]:
        assert part.words[0].text in {"who", "to", "with", "by"}
    assert [part.silence_after for part in parts[:-1]] == [0.15] * (len(parts) - 1)
    for part in parts:
        assert sum(len(word.phones.replace(" ", "")) for word in part.words) < 200
    assert len(muspeaker.read(LONG.replace(" to", ", to"))) >= 2
    short = LONG[:199].rsplit(" ", 1)[
        0
    ]  # short enough for a pass of the model, but not for a breath
    assert len(muspeaker.read(short)) == 2
    assert len(muspeaker.read(short.replace(" to", ", to"))) == 1
    assert " ".join(word.text for part in parts for word in part.words) == LONG


def test_a_breath_is_short(shipped: muspeaker.Synthesizer) -> None:
    words = shipped.synthesize(LONG).words
    cuts = [b.start - a.end for a, b in itertools.pairwise(words) if b.start - a.end > 0.02]
    assert cuts
    assert max(cuts) <= 0.3


def test_lines_of_lists_end_an_utterance_and_wrapped_prose_does_not() -> None:
    wrapped = "The lake was calm that\nmorning and nobody\nwas on it."
    assert len(muspeaker.read(wrapped)) == 1
    for text, count in (("Milk\nBread\nEggs", 3), ("# Title\nText here.", 2), ("Buy:\n- milk\n- bread", 2),
                        ("1. Go.\n2. Stay", 4)):  # fmt: skip
        assert len(muspeaker.read(text)) == count, text


def test_the_command_prints_words_and_phones(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["read", "It cost $5."])
    assert shown.output == "It cost five dollars.\n  ˌɪt kˈɔst fˈIv dˈɑləɹz.\n"
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("$5\ta fiver\n")
    made = runner.invoke(
        app, ["read", "--json", "[pause 1s] It cost $5.", "--lexicon", str(lexicon)]
    )
    (utterance,) = json.loads(made.output)["utterances"]
    assert utterance["text"] == "It cost a fiver."
    assert utterance["silence_before"] == 1.0
    assert utterance["words"][-1] == {
        "text": "fiver", "phones": "fˈIvəɹ", "written": "$5", "start": 19, "end": 21, "mark": "."
    }  # fmt: skip
    refused = runner.invoke(app, ["read", "中"])
    assert (refused.exit_code, "cannot read 中 (U+4E2D)" in refused.output) == (1, True)


def test_in_another_language() -> None:
    pytest.importorskip("espeakng_loader")
    (utterance,) = muspeaker.read("Guten Tag, „Welt“.", language="de")
    assert [(w.text, w.written) for w in utterance.words] == [
        ("Guten", "Guten"), ("Tag", "Tag"), ("Welt", "Welt")
    ]  # fmt: skip
