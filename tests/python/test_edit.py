"""Edited recordings as users see them: on the tiny model of the newest format, and on the one that ships."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import muspeaker
from muspeaker.cli import app
from tests.conftest import speech_like

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer

GOLDEN = Path(__file__).parents[1] / "golden"
OLD, NEW = "pˈb td, kɡ ptk!", "pˈb td, bd ptk!"  # the tiny model has symbols up to tʃ
RATE_HZ = 16000
FADE = round(0.02 * RATE_HZ)


@pytest.fixture(scope="module")
def tiny() -> Synthesizer:
    return muspeaker.load(GOLDEN / "v2-q8.bin", num_threads=1)


@pytest.fixture(scope="module")
def recording() -> tuple[np.ndarray, int]:
    return speech_like(RATE_HZ, 2.4), RATE_HZ


def same_ends(old: np.ndarray, new: np.ndarray) -> tuple[int, int]:
    """How many samples are the same from the start, and from the end."""
    count = min(len(old), len(new))
    differs = [
        np.any(np.atleast_2d((a[:count] != b[:count]).T), axis=0)
        for a, b in ((old, new), (old[::-1], new[::-1]))
    ]
    return int(np.argmax(differs[0])), int(np.argmax(differs[1]))


def test_all_but_the_word_stays_bit_for_bit(tiny: Synthesizer, recording: Any) -> None:
    audio = tiny.edit(recording, OLD, NEW, phonemes=True)
    assert audio.sample_rate == RATE_HZ
    assert audio.samples.dtype == np.float32
    assert [word.text for word in audio.words] == ["pˈb", "td", "bd", "ptk"]
    spoken = audio.words[2]
    head, tail = same_ends(recording[0], audio.samples)
    begin, end = round(spoken.start * RATE_HZ), round(spoken.end * RATE_HZ)
    assert 0 < begin - FADE - RATE_HZ // 100 <= head <= begin + RATE_HZ // 50
    assert end - RATE_HZ // 50 <= len(audio.samples) - tail <= end + FADE + RATE_HZ // 100
    edges = [edge for word in audio.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= audio.duration


def test_kept_words_keep_their_times(tiny: Synthesizer, recording: Any) -> None:
    plain = tiny.convert(recording, tiny.clone(recording), OLD, phonemes=True)
    audio = tiny.edit(recording, OLD, "pˈb td, kɡ bd ptk!", phonemes=True)
    for index in (0, 1, 2):
        assert audio.words[index].start == pytest.approx(plain.words[index].start, abs=1e-6)
    longer = audio.duration - plain.duration
    assert audio.words[4].start == pytest.approx(plain.words[3].start + longer, abs=0.02)


def test_any_rate_form_and_number_of_channels(tiny: Synthesizer, tmp_path: Path) -> None:
    for rate_hz in (8000, 44100):
        mono = speech_like(rate_hz, 2.4)
        stereo = np.stack([mono, 0.3 * mono], axis=1)
        audio = tiny.edit((stereo, rate_hz), OLD, NEW, phonemes=True)
        assert audio.sample_rate == rate_hz
        assert audio.channels == 2
        head, tail = same_ends(stereo, audio.samples)
        assert min(head, tail) > 0.2 * rate_hz
    soundfile.write(tmp_path / "a.wav", stereo, rate_hz, subtype="FLOAT")
    again = tiny.edit(tmp_path / "a.wav", OLD, NEW, phonemes=True)
    np.testing.assert_array_equal(again.samples, audio.samples)


def test_several_edits_and_an_empty_one(tiny: Synthesizer, recording: Any) -> None:
    for text in ("b td, bd ptk!", "td, kɡ ptk!", "pˈb td, kɡ!", "pˈb td, kɡ ptk bd! td."):
        audio = tiny.edit(recording, OLD, text, phonemes=True)
        assert [word.text for word in audio.words] == text.replace(",", "").replace(
            "!", ""
        ).replace(".", "").split()
        assert np.isfinite(audio.samples).all()


def test_options_change_only_what_is_new(tiny: Synthesizer, recording: Any) -> None:
    plain = tiny.edit(recording, OLD, NEW, phonemes=True)
    head, tail = same_ends(recording[0], plain.samples)
    for option in ({"seed": 1}, {"temperature": 2.0}, {"speed": 0.5}):
        other = tiny.edit(recording, OLD, NEW, phonemes=True, **option)
        assert not np.array_equal(other.samples, plain.samples)
        np.testing.assert_array_equal(other.samples[: head - FADE], recording[0][: head - FADE])
        np.testing.assert_array_equal(other.samples[FADE - tail :], recording[0][FADE - tail :])
    again = tiny.edit(recording, OLD, NEW, tiny.clone(recording), phonemes=True)
    np.testing.assert_array_equal(again.samples, plain.samples)


def test_a_recording_that_is_too_short_for_a_prompt(tiny: Synthesizer) -> None:
    short = speech_like(RATE_HZ, 0.9)
    with pytest.raises(ValueError, match="prompt is too short"):
        tiny.clone((short, RATE_HZ))
    audio = tiny.edit((short, RATE_HZ), "pˈb td!", "pˈb kɡ!", phonemes=True)
    assert [word.text for word in audio.words] == ["pˈb", "kɡ"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"recording": "no.wav"}, FileNotFoundError, "recording file 'no.wav' does not exist"),
        ({"recording": 3}, TypeError, "recording must be a path"),
        ({"recording": (np.zeros(RATE_HZ), RATE_HZ)}, ValueError, "recording is silent"),
        ({"recording": (np.full((99, 3), 0.1), RATE_HZ)}, ValueError, "3 channels: expected 1 or"),
        ({"recording": (np.tile([0.5, -0.5], 50), RATE_HZ)}, ValueError, "recording is too short"),
        ({"recording": (np.tile([0.5, -0.5], RATE_HZ * 31), RATE_HZ)}, ValueError, "at most 60 s"),
        (
            {"recording": (speech_like(RATE_HZ, 0.35), RATE_HZ)},
            ValueError,
            "so give one with voice: prompt is too short",
        ),
        ({"transcript": ""}, ValueError, "transcript: text is empty"),
        ({"new_text": "?!"}, ValueError, "new text: nothing to speak"),
        ({"new_text": OLD}, ValueError, "says the same as the transcript"),
        ({"transcript": "ptk" * 70}, ValueError, "more than the recording's 206 frames"),
        ({"transcript": 3}, TypeError, "text must be a str"),
        ({"voice": 3}, TypeError, "voice must be a Voice"),
        ({"pitch": 2.0}, TypeError, "unknown option 'pitch': expected one of speed"),
        ({"speed": 9.0}, ValueError, "speed must be"),
    ],
)
def test_errors(tiny: Synthesizer, recording: Any, change: Any, error: Any, message: str) -> None:
    arguments = {"recording": recording, "transcript": OLD, "new_text": NEW, "phonemes": True}
    with pytest.raises(error, match=message):
        tiny.edit(**arguments | change)


def test_a_model_without_an_aligner_says_so(recording: Any) -> None:
    old = muspeaker.load(GOLDEN / "v1-q8.bin", num_threads=1)
    with pytest.raises(
        ValueError, match="no phone classifier and no aligner, one of which editing"
    ):
        old.edit(recording, OLD, NEW, phonemes=True)


@pytest.fixture
def run(tiny: Synthesizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run `muspeaker edit` in a folder of its own."""
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: tiny, raising=False)
    monkeypatch.chdir(tmp_path)
    common = ["--from", OLD, "--to", NEW, "--phonemes"]
    return lambda name, *args: CliRunner().invoke(app, ["edit", name, *common, *args])


@pytest.mark.parametrize(
    ("name", "coding", "dtype"),
    [
        ("a.wav", "PCM_16", "int16"),
        ("a.flac", "PCM_24", "int32"),
        ("a.wav", "FLOAT", "float32"),
        ("a.aiff", "PCM_16", "int16"),
    ],
)
def test_the_file_keeps_the_recordings_samples(
    run: Any, recording: Any, name: str, coding: str, dtype: str
) -> None:
    loud = recording[0] / np.abs(recording[0]).max()  # where rounding by another scale would show
    soundfile.write(name, loud, RATE_HZ, subtype=coding)
    output = f"b{Path(name).suffix}"
    result = run(name, "-o", output)
    assert result.exit_code == 0, result.output
    assert soundfile.info(output).subtype == coding
    old, new = (soundfile.read(each, dtype=dtype)[0] for each in (name, output))
    head, tail = same_ends(old, new)
    assert min(head, tail) > 0.2 * RATE_HZ
    assert head + tail > len(old) - 0.8 * RATE_HZ


def test_command_prints_times_and_never_overwrites_unasked(run: Any, recording: Any) -> None:
    soundfile.write("a.wav", *recording)
    report = json.loads(run("a.wav", "--json").stdout)
    assert report["file"] == "edited.wav"
    assert [word["text"] for word in report["words"]][2] == "bd"
    refused = run("a.wav")
    assert refused.exit_code == 1
    assert "is there already" in refused.stderr
    assert run("a.wav", "--force").exit_code == 0
    assert run("b.wav", "--force").exit_code == 1


def test_the_shipped_model_has_no_click_and_no_step_at_a_join() -> None:
    """It edits its own speech: slope and level beside each join are those of speech."""
    tts = muspeaker.load(num_threads=1)
    old = "The birch canoe slid on the smooth planks."
    plain = tts.synthesize(old, "kathleen")
    audio = tts.edit(plain, old, "The little boat slid on the smooth planks.")
    head, tail = same_ends(plain.samples, audio.samples)
    begin, end = head, len(audio.samples) - tail
    spoken = [word for word in audio.words if word.text in {"little", "boat"}]
    assert abs(begin / plain.sample_rate - spoken[0].start) < 0.03
    assert abs(end / plain.sample_rate - spoken[1].end) < 0.03
    fade, near = plain.sample_rate // 50, plain.sample_rate // 20
    old_end = len(plain.samples) - tail
    for joint, own, other in (
        (slice(begin, begin + fade), slice(begin - near, begin), slice(begin + fade, end - fade)),
        (slice(end - fade, end), slice(old_end, old_end + near), slice(begin + fade, end - fade)),
    ):
        beside = plain.samples[own], audio.samples[other]
        slopes = [float(np.abs(np.diff(part)).max()) for part in beside]
        assert np.abs(np.diff(audio.samples[joint.start - 1 : joint.stop + 1])).max() < 1.1 * max(
            slopes
        )
        levels = [float(np.std(part)) for part in beside]
        assert 0.2 * min(levels) < np.std(audio.samples[joint]) < 1.5 * max(levels)
    level = np.std(audio.samples[begin:end]) / np.std(plain.samples[begin:old_end])
    assert 0.5 < level < 2.0
