"""Scripts of dialogues: labels, marks, quotations; and how they sound together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from muspeaker.script import Turn, parse_script, split_overlap, split_quotes
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer

SCRIPT = """
# Two people, late.
ANNA: Is it late? He said: never mind.
It is, I think.
BERT: [overlap 0.2s] Yes.

OLD MAN 2: Very.
"""


@pytest.fixture
def bert(voice: Voice) -> Voice:
    return Voice(-voice.vector, voice.style[:20], name="bert", fingerprint=voice.fingerprint)


def test_labels_are_in_capitals_or_known() -> None:
    assert parse_script(SCRIPT) == [
        Turn("ANNA", "Is it late? He said: never mind.\nIt is, I think."),
        Turn("BERT", "[overlap 0.2s] Yes."),
        Turn("OLD MAN 2", "Very."),
    ]
    told = "It was late.\nAnna: Hello.\nNote: not a label."
    assert parse_script(told) == [Turn("", told)]
    assert parse_script(told, ["ANNA"]) == [
        Turn("", "It was late."),
        Turn("Anna", "Hello.\nNote: not a label."),
    ]


@pytest.mark.parametrize("script", ["", "# only a remark", "ANNA:\nBERT:  "])
def test_a_script_needs_words(script: str) -> None:
    with pytest.raises(ValueError, match="nobody says anything"):
        parse_script(script)


def test_marks_of_overlap() -> None:
    assert split_overlap(" [ Overlap 300ms ] No!") == (0.3, "No!")
    assert split_overlap("No [overlap 1s]") == (0.0, "No [overlap 1s]")
    with pytest.raises(ValueError, match="cannot read"):
        split_overlap("[overlap soon] No!")
    with pytest.raises(ValueError, match="is too long: expected at most 10 s"):
        split_overlap("[overlap 11s] No!")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('He said, "Come in." She did.', [(False, "He said, "), (True, '"Come in."'), (False, " She did.")]),
        ("“One,” he said, “two.”", [(True, "“One,”"), (False, " he said, "), (True, "“two.”")]),
        ("«Un» et „zwei“", [(True, "«Un»"), (False, " et "), (True, "„zwei“")]),
        ('"No end.\nA new line.', [(True, '"No end.'), (False, "\nA new line.")]),
        ('"One." "Two."', [(True, '"One." '), (True, '"Two."')]),
        ("None.", [(False, "None.")]),
    ],
)  # fmt: skip
def test_quotations(text: str, pieces: list[tuple[bool, str]]) -> None:
    assert split_quotes(text) == pieces


def test_a_script_is_spoken_by_its_voices(tts: Synthesizer, voice: Voice, bert: Voice) -> None:
    scene = tts.dialogue("Late.\nANNA: One.\nBert: Two.", {"anna": voice, "bert": bert, "": bert})
    pairs = tts.dialogue([(bert, "Late."), (voice, "One."), (bert, "Two.")])
    np.testing.assert_array_equal(scene.samples, pairs.samples)
    assert [word.speaker for word in scene.words] == ["bert", "ANNA", "Bert"]


def test_turns_overlap(tts: Synthesizer, voice: Voice, bert: Voice) -> None:
    first = tts.synthesize("One.", voice).samples
    second = tts.synthesize("Two.", bert).samples
    scene = tts.dialogue([(voice, "One."), (bert, "[overlap 50ms] Two.")])
    shared = round(0.05 * tts.sample_rate)
    assert len(scene.samples) == len(first) + len(second) - shared
    start = len(first) - shared
    np.testing.assert_array_equal(scene.samples[:start], first[:start])
    np.testing.assert_array_equal(scene.samples[len(first) :], second[shared:])
    np.testing.assert_allclose(
        scene.samples[start : len(first)], first[start:] + second[:shared], atol=0.02
    )
    assert scene.words[1].start == pytest.approx(
        start / tts.sample_rate + tts.synthesize("Two.", bert).words[0].start
    )
    long = tts.dialogue([(voice, "One."), (bert, "[overlap 9s] Two.")])
    assert len(long.samples) == max(len(first), len(second))  # both from the start


def test_loud_turns_together_do_not_clip(tts: Synthesizer, voice: Voice, bert: Voice) -> None:
    scene = tts.dialogue([(voice, "One."), (bert, "[overlap 9s] Two.")], volume=4.0)
    assert np.abs(scene.samples).max() < 1.0


def test_quoted_speech_in_another_voice(tts: Synthesizer, voice: Voice, bert: Voice) -> None:
    scene = tts.dialogue([(voice, 'He said, "Come in." And left.')], quotes=bert)
    assert [(word.text, word.speaker) for word in scene.words] == [
        ("He", "anna"), ("said", "anna"), ("Come", "bert"), ("in", "bert"), ("And", "anna"), ("left", "anna")
    ]  # fmt: skip


def test_a_speaker_without_a_voice(tts: Synthesizer, engine: Any, voice: Voice) -> None:
    with pytest.raises(ValueError, match=r"no voice for BERT, EVE: .*got voices for anna"):
        tts.dialogue("ANNA: Hi.\nBERT: Hi.\nEVE: Hi.", {"anna": voice})
    with pytest.raises(FileNotFoundError, match="turn 1: no voice 'ben'"):
        tts.dialogue([(voice, "Hi."), ("ben", "Hi.")])
    assert engine.calls == []


def test_the_command(
    tts: Synthesizer,
    voice: Voice,
    bert: Voice,
    tone: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tts, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("alone.txt").write_text("EVE: Hi.")
    alone = CliRunner().invoke(app, ["dialogue", "alone.txt"])
    assert "no voice for EVE: expected one in voices (in the shell, by --cast)" in alone.stderr
    assert alone.stderr.strip().endswith("got voices for nobody")
    Path("play").mkdir()
    Path("play/script.txt").write_text(SCRIPT)
    voice.save("play/anna.voice")  # beside the script
    bert.save("b.voice")
    soundfile.write("old.wav", tone, 24000)
    result = CliRunner().invoke(
        app,
        ["dialogue", "play/script.txt", "-c", "BERT=b.voice", "-c", "Old Man 2=old.wav", "--stereo",
         "-o", "a.flac", "--subtitles", "a.vtt", "--seed", "4"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    samples, rate = soundfile.read("a.flac", dtype="float32")
    old = tts.clone("old.wav")
    expected = tts.dialogue(
        SCRIPT, {"ANNA": voice, "BERT": bert, "OLD MAN 2": old}, stereo=True, seed=4
    )
    assert rate == expected.sample_rate
    np.testing.assert_allclose(samples, expected.samples, atol=1e-4)
    assert "<v OLD MAN 2>Very." in Path("a.vtt").read_text()
    failed = CliRunner().invoke(app, ["dialogue", "play/script.txt", "-c", "BERT"])
    assert failed.exit_code == 2
    assert "expected SPEAKER=VOICE" in failed.stderr
