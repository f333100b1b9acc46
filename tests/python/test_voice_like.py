"""Everything that is taken for a voice, and what is said of what is not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import muspeaker
from muspeaker import quick
from muspeaker.sound.audio import Audio
from muspeaker.voice import DEFAULT_NAME, Voice
from muspeaker.voice_like import parse_blend

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer


@pytest.fixture
def shipped(
    tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Voice:
    """A built-in voice of the fake engine, under the default name; and one called ben."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr("muspeaker.voice.VOICES_FOLDER", folder)
    voice.save(folder / f"{DEFAULT_NAME}.voice")
    Voice(-voice.vector, voice.style, name="ben", fingerprint=tts.fingerprint).save(
        folder / "ben.voice"
    )
    return voice


def said_by(engine: Any) -> np.ndarray:
    return engine.calls[-1]["vector"]


def test_the_default_voice_speaks_where_none_is_given(
    tts: Synthesizer, engine: Any, shipped: Voice
) -> None:
    tts.synthesize("Hi.")
    np.testing.assert_array_equal(said_by(engine), shipped.vector)
    tts.synthesize("Hi.", None)
    list(tts.stream("Hi."))
    tts.synthesize_batch(["Hi."])
    assert len(engine.calls) == 4
    tts.synthesize("Hi.", "ben", style=DEFAULT_NAME)
    np.testing.assert_array_equal(said_by(engine), -shipped.vector)
    assert list(tts.voices) == [DEFAULT_NAME, "ben"]
    assert tts.voices["ben"].name == "ben"


def test_a_built_in_voice_is_read_once_and_again_when_its_file_changes(
    tts: Synthesizer, shipped: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    load = Voice.load
    monkeypatch.setattr(Voice, "load", lambda path: read.append(path.name) or load(path))
    first, second = tts.voice(None), tts.voice(DEFAULT_NAME)
    assert read == [f"{DEFAULT_NAME}.voice"]
    first.vector += 1.0  # ours alone
    first.style[:] = 0.0
    first.name = "ours"
    np.testing.assert_array_equal(second.vector, shipped.vector)
    np.testing.assert_array_equal(tts.voice(None).style, shipped.style)
    assert tts.voice(None).name == shipped.name
    longer = Voice(-shipped.vector, shipped.style, name="changed", fingerprint=tts.fingerprint)
    longer.save(muspeaker.voice.VOICES_FOLDER / f"{DEFAULT_NAME}.voice")
    assert tts.voice(None).name == "changed"


def test_say_loads_a_model_once(
    tts: Synthesizer, shipped: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[None] = []
    monkeypatch.setattr(quick, "_loaded", [])
    monkeypatch.setattr(quick, "load", lambda: loads.append(None) or tts)
    first = muspeaker.say("Hi.")
    np.testing.assert_array_equal(first.samples, muspeaker.say("Hi.", shipped).samples)
    assert len(loads) == 1
    assert muspeaker.say("Hi.", speed=2.0, seed=3).duration > 0


@pytest.mark.parametrize("kind", ["path", "str", "bytes", "file", "BytesIO"])
def test_a_voice_file_in_every_form(
    tts: Synthesizer, engine: Any, voice: Voice, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "anna.voice"
    voice.save(path)
    with path.open("rb") as file:
        data = path.read_bytes()
        forms = {"path": path, "str": str(path), "bytes": data, "file": file}
        tts.synthesize("Hi.", (forms | {"BytesIO": io.BytesIO(data)})[kind])
    np.testing.assert_array_equal(said_by(engine), voice.vector)
    assert engine.clones == []


def recording_forms(path: Path, tone: np.ndarray) -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    data = path.read_bytes()
    return {
        "path": path,
        "str": str(path),
        "bytes": data,
        "bytearray": bytearray(data),
        "memoryview": memoryview(data),
        "BytesIO": io.BytesIO(data),
        "samples first": (tone, 24000),
        "rate first": (24000, tone),
        "list": [24000, tone.tolist()],
        "tensor": (torch.from_numpy(tone), 24000),
        "tensor with a gradient": (torch.from_numpy(tone)[None].requires_grad_(), 24000),
        "Audio": Audio(tone, 24000),
    }


FORMS = ["path", "str", "bytes", "bytearray", "memoryview", "BytesIO", "samples first", "rate first",
         "list", "tensor", "tensor with a gradient", "Audio"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_recording_in_every_form(
    tts: Synthesizer, engine: Any, tone: np.ndarray, tmp_path: Path, form: str
) -> None:
    soundfile.write(tmp_path / "anna.wav", tone, 24000, "FLOAT")
    given = recording_forms(tmp_path / "anna.wav", tone)[form]
    tts.synthesize("Hi.", given)
    expected = tts.clone((tone, 24000))
    (heard, _), (again, _) = engine.clones
    np.testing.assert_allclose(heard, again, atol=1e-6)
    np.testing.assert_array_equal(said_by(engine), expected.vector)


def test_an_open_file_gives_its_name_and_must_be_binary(
    tts: Synthesizer, tone: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "anna.wav"
    soundfile.write(path, tone, 24000)
    with path.open("rb") as file:
        assert tts.voice(file).name == "anna"
    with path.open("rb") as file:
        assert tts.clone(file).name == "anna"
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="mode 'rb'"):
        tts.clone(file)


def test_bfloat16_is_read(tts: Synthesizer, tone: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    tts.clone((torch.from_numpy(tone).bfloat16(), 24000))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (3, TypeError, "voice must be a Voice, a name, a voice file or a recording .*got int"),
        (np.ones(30000, "f4"), TypeError, "got ndarray"),
        ((np.ones(30000, "f4"), np.ones(3)), TypeError, "sample_rate must be an int, got ndarray"),
        ("x" * 5000, FileNotFoundError, "no voice 'xxx"),
        ("a\0b", FileNotFoundError, "no voice 'a"),
        ("nobody", FileNotFoundError, "no voice 'nobody': expected a .voice file, a recording, or"),
        ("https://a.example/anna.wav", ValueError, "is a URL: download it first"),
        (DEFAULT_NAME, ValueError, "is of model .*: clone a voice with this model"),
        (None, ValueError, "is of model .*: clone a voice with this model"),
        (b"nonsense", ValueError, "prompt bytes is no readable sound file"),
    ],
)
def test_what_is_no_voice(tts: Synthesizer, given: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        tts.synthesize("Hi.", given)


def test_an_unknown_style_is_told_of_the_named_ones(tts: Synthesizer) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no style 'happy': expected calm, lively, a \.voice"
    ):
        tts.synthesize("Hi.", style="happy")


def test_a_warning_points_at_the_callers_line(tts: Synthesizer, tone: np.ndarray) -> None:
    with pytest.warns(muspeaker.PromptWarning) as caught:
        tts.synthesize("Hi.", (tone, 22050))
    assert {warning.filename for warning in caught} == {__file__}


def test_a_recording_at_a_url_must_be_downloaded_first(tts: Synthesizer) -> None:
    for url in ("https://a.example/b.wav", "http:/a.example/b.wav", "s3://bucket/b.wav"):
        with pytest.raises(ValueError, match="is a URL: download it first, and give the file"):
            tts.clone(url)


def test_a_folder_of_the_same_name_hides_no_voice(
    tts: Synthesizer, shipped: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT_NAME).mkdir()
    np.testing.assert_array_equal(tts.voice(DEFAULT_NAME).vector, shipped.vector)


def test_blends_by_name(
    tts: Synthesizer, engine: Any, shipped: Voice, tone: np.ndarray, tmp_path: Path
) -> None:
    tts.synthesize("Hi.", f"{DEFAULT_NAME}(3) + ben")
    ben = tts.voices["ben"]
    expected = Voice.mix({tts.voices[DEFAULT_NAME]: 3, ben: 1})
    np.testing.assert_allclose(said_by(engine), expected.vector, atol=1e-6)
    with pytest.raises(FileNotFoundError, match="no voice 'eve'"):
        tts.synthesize("Hi.", "ben+eve")
    soundfile.write(tmp_path / "a.wav", tone, 24000)
    tts.synthesize("Hi.", f"ben+{tmp_path / 'a.wav'}(2)")
    assert len(engine.clones) == 1
    assert shipped.fingerprint == tts.fingerprint


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("a(2)+b(1)", {"a": 2.0, "b": 1.0}),
        ("a + b(.5)", {"a": 1.0, "b": 0.5}),
        ("a(2)", {"a": 2.0}),
        ("a+a", {"a": 2.0}),
        ("a", None),
        ("a(b)", None),
        ("a++b", None),
    ],
)
def test_parse_blend(text: str, weights: dict[str, float] | None) -> None:
    assert parse_blend(text) == weights


def test_a_blend_needs_weight() -> None:
    with pytest.raises(ValueError, match="weight of 'b' must be positive, got 0"):
        parse_blend("a(1)+b(0)")
