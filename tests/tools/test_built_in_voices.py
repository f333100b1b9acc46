"""Built-in voices: their table, prompts by a teacher who hums, voice files of a tiny model, and the documents."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

import muspeaker
from muspeaker.voice import DEFAULT_NAME, Voice
from tools.built_in_voices import __main__ as command
from tools.built_in_voices import document, prompts
from tools.built_in_voices.table import GENDERS, choose, read_table, shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.teacher_speech.voices import Voice as TeacherVoice

TABLE = read_table()
# Names that are taken: Kokoro's packs, and the voices of OpenAI, which servers give the default voice.
TAKEN = """alloy aoede bella heart jessica kore nicole nova river sarah sky adam echo eric fenrir liam michael onyx
puck santa alice emma isabella lily daniel fable george lewis ash ballad coral sage shimmer verse marin cedar"""


class Hummer:
    """Speaks a tone of a second for ten phones, as high as the pack says."""

    def phones(self, text: str, *, british: bool) -> str:
        return text.replace("r", "") if british else text

    def speak(self, phones: str, voice: TeacherVoice) -> tuple[np.ndarray, list[int]]:
        assert voice.speed == 1.0
        time = np.arange(2400 * len(phones), dtype=np.float32) / 24000
        return 1.5 * np.sin(2 * np.pi * voice.row(len(phones))[0, 0] * time), []


PACKS = {
    voice.pack: np.full((510, 256), 100 + 10 * number, np.float32)
    for number, voice in enumerate(TABLE.values())
    if voice.pack
}


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["built_in_voices", *words])
    return command.main()


# Table


def test_every_accent_and_gender_has_voices() -> None:
    for accent in ("us", "gb"):
        for gender in GENDERS:
            found = [v for v in TABLE.values() if (v.accent, v.gender) == (accent, gender)]
            assert len(found) >= 3
    packs = [voice.pack for voice in TABLE.values() if voice.pack]
    assert len(packs) == len(set(packs)) >= 12
    for voice in TABLE.values():
        if voice.pack:
            assert voice.pack[0] == {"us": "a", "gb": "b"}[voice.accent]
            assert voice.pack[1] == voice.gender[0]


def test_names_and_sentences_are_our_own() -> None:
    assert not set(TAKEN.split()) & TABLE.keys()
    assert len({voice.heard for voice in TABLE.values()}) == len(TABLE)
    assert all(voice.heard.startswith(f"I'm {name.title()}. ") for name, voice in TABLE.items())
    assert max(map(len, document.samples(list(TABLE.values())).splitlines())) <= 120


GOOD = 'gender = "male"\naccent = "gb"\npack = "bm_x"\nheard = "Hi."\n'


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (GOOD.replace("male", "bass"), "gender is 'bass': expected female or male"),
        (GOOD.replace('"gb"', '"fr"'), "accent is 'fr': expected us or gb"),
        (GOOD.replace("heard", "says"), "expected the fields accent gender heard pack"),
        (GOOD.replace("pack", "recording"), "expected the fields .* licence recording source"),
        (GOOD.replace('"Hi."', "3"), "expected a table of texts"),
        ("gender", "Expected '='"),
    ],
)
def test_bad_entries_are_named(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "voices.toml"
    path.write_text(f"[otto]\n{GOOD}", encoding="utf-8")
    (otto,) = read_table(path).values()
    assert (otto.language, otto.origin) == (
        "en-gb", "synthetic speech of Kokoro-82M v1.0, voice bm_x (Apache-2.0)"
    )  # fmt: skip
    path.write_text(f"[otto]\n{entry}", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_table(path)
    path.write_text(f"[Otto2]\n{GOOD}", encoding="utf-8")
    with pytest.raises(ValueError, match="letters a to z"):
        read_table(path)


def test_some_are_chosen() -> None:
    assert choose(TABLE, None) == list(TABLE.values())
    assert [voice.name for voice in choose(TABLE, ["hugh", "hazel"])] == ["hugh", "hazel"]
    with pytest.raises(ValueError, match="no voice 'otto': expected some of kathleen hazel"):
        choose(TABLE, ["otto"])


# Prompts


def hum(folder: Path, *names: str, corpora: Path | None = None) -> list[Path]:
    return prompts.make_prompts(folder, choose(TABLE, names), Hummer(), PACKS, corpora)


def test_each_voice_reads_the_text_in_its_pack(tmp_path: Path) -> None:
    text = " ".join(prompts.TEXT.read_text(encoding="utf-8").split())
    hazel, hugh = hum(tmp_path / "made", "hazel", "hugh")
    for path, length in ((hazel, len(text)), (hugh, len(text.replace("r", "")))):
        samples, rate_hz = soundfile.read(path)
        assert (rate_hz, len(samples)) == (24000, 2400 * length)
        assert np.abs(samples).max() == pytest.approx(1, abs=1e-3)  # clipped, not wrapped around
        pitch_hz = np.argmax(np.abs(np.fft.rfft(samples))) * rate_hz / len(samples)
        assert pitch_hz == pytest.approx(PACKS[TABLE[path.stem].pack][0, 0], abs=0.5)


def test_a_voice_may_read_a_text_of_its_own(tmp_path: Path) -> None:
    (path,) = hum(tmp_path / "made", "edith")
    own = TABLE["edith"].read
    assert own
    assert soundfile.info(path).frames == 2400 * len(own.replace("r", ""))  # British


def test_a_recording_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "corpora" / TABLE["kathleen"].recording
    source.parent.mkdir(parents=True)
    source.write_bytes(b"sound")
    (path,) = hum(tmp_path / "made", "kathleen", corpora=tmp_path / "corpora")
    assert (path.name, path.read_bytes()) == ("kathleen.opus", b"sound")


def test_what_a_prompt_needs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    with pytest.raises(ValueError, match="kathleen comes from a recording: give --corpora"):
        hum(tmp_path, "kathleen")
    with pytest.raises(ValueError, match="no pack 'af_heart' for hazel"):
        prompts.make_prompts(tmp_path, choose(TABLE, ["hazel"]), Hummer(), {}, None)
    assert run(monkeypatch, "prompts", str(tmp_path), "--only", "hazel") == 1
    assert "give --voices" in capsys.readouterr().err
    assert run(monkeypatch, "prompts", str(tmp_path), "--only", "otto") == 1
    assert not list(tmp_path.iterdir())


# Voice files


@pytest.fixture
def tiny(model_file: Callable[..., Path]) -> Path:
    pytest.importorskip("torch")
    from tests.tiny_model import decided_model  # noqa: PLC0415  (needs torch)

    return model_file(decided_model())


@pytest.fixture
def recordings(tmp_path: Path, generated_audio: Callable[..., np.ndarray]) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for seed, name in enumerate(("hazel.wav", "hugh.flac", "somebody.wav")):
        soundfile.write(folder / name, generated_audio(24000, 4.0, seed), 24000)
    return folder


@pytest.mark.torch
def test_recordings_become_voices(
    tiny: Path, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["clone", str(recordings), "--model", str(tiny)]
    assert run(monkeypatch, *words, "--to", str(tmp_path / "whole")) == 0
    assert run(monkeypatch, *words, "--to", str(tmp_path / "plain"), "--plain") == 0
    tts = muspeaker.load(tiny)
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == [
        "hazel.voice", "hugh.voice"
    ]  # fmt: skip
    for path in (recordings / "hazel.wav", recordings / "hugh.flac"):
        entry = TABLE[path.stem]
        whole, plain = (
            Voice.load(tmp_path / kind / f"{path.stem}.voice") for kind in ("whole", "plain")
        )
        for voice in (whole, plain):
            assert (voice.name, voice.consent, voice.language, voice.fingerprint) == (
                path.stem, entry.origin, entry.language, tts.fingerprint
            )  # fmt: skip
        np.testing.assert_array_equal(whole.vector, tts.clone(path).vector)
        moved = tts.config["audio.num_mels"] * tts.config["phone_classifier.map_cepstra"]
        assert not plain.vector[-moved:].any()
        assert whole.vector[-moved:].any()
    assert [voice.name for voice in shipped(tmp_path / "plain")] == ["hazel", "hugh"]


@pytest.mark.torch
def test_some_recordings_become_voices(
    tiny: Path, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ["clone", str(recordings), "--model", str(tiny), "--to", str(tmp_path / "out")]
    assert run(monkeypatch, *words, "--only", "hugh") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["hugh.voice"]
    assert run(monkeypatch, *words, "--only", "ruth") == 1
    assert "no recording of ruth" in capsys.readouterr().err
    (recordings / "hugh.wav").write_bytes((recordings / "hazel.wav").read_bytes())
    assert run(monkeypatch, *words, "--only", "hugh") == 1
    assert "several recordings of hugh" in capsys.readouterr().err
    (recordings / "hugh.wav").unlink()
    for path in (recordings / "hazel.wav", recordings / "hugh.flac"):
        path.unlink()
    assert run(monkeypatch, *words) == 1
    assert "no recording of a voice of the table" in capsys.readouterr().err


# What ships


def test_files_are_those_of_the_table(tmp_path: Path) -> None:
    assert {voice.name for voice in shipped()} == set(Voice.builtin_names())
    assert DEFAULT_NAME in Voice.builtin_names()
    voice = Voice.builtin()
    voice.save(tmp_path / "otto.voice")
    with pytest.raises(ValueError, match=r"otto is not in voices\.toml"):
        shipped(tmp_path)
    (tmp_path / "otto.voice").rename(tmp_path / "ruth.voice")
    with pytest.raises(ValueError, match=r"ruth is not that of voices\.toml"):
        shipped(tmp_path)


def test_files_are_of_one_model() -> None:
    assert len({Voice.builtin(name).fingerprint for name in Voice.builtin_names()}) == 1


@pytest.mark.parametrize("name", document.PARTS)
def test_documents_list_what_ships(name: str) -> None:
    """If this fails: `python -m tools.built_in_voices document`."""
    text = (document.ROOT / name).read_text(encoding="utf-8")
    assert document.documented(text, document.PARTS[name](shipped())) == text


def test_every_voice_has_a_sample() -> None:
    """If this fails: `python -m tools.built_in_voices document --samples`."""
    for voice in shipped():
        info = soundfile.info(document.SAMPLES / f"{voice.name}.ogg")
        assert (info.samplerate, info.channels) == (24000, 1)
        assert 1 < info.duration < 15


def test_parts_of_documents_are_replaced(tmp_path: Path) -> None:
    voices = choose(TABLE, ["kathleen", "hugh"])
    for name in document.PARTS:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"Above.\n{document.BEGIN}old\n{document.END}Below.\n", encoding="utf-8")
    assert len(document.write_parts(voices, tmp_path)) == len(document.PARTS)
    assert document.write_parts(voices, tmp_path) == []
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text.startswith("Above.\n")
    assert text.endswith("Below.\n")
    assert "old" not in text
    assert (
        "| `hugh` | male | British | synthetic speech of Kokoro-82M v1.0, voice bm_george" in text
    )
    assert (f"`{DEFAULT_NAME}` (default)" in text) == (DEFAULT_NAME in {v.name for v in voices})
    page = (tmp_path / "docs" / "samples.md").read_text(encoding="utf-8")
    assert f'say "{voices[1].heard}" --voice hugh --seed 0 -o hugh.ogg' in page
    (tmp_path / "README.md").write_text("Nothing.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md: expected one part between"):
        document.write_parts(voices, tmp_path)


def test_a_sample_is_what_its_command_says(tmp_path: Path) -> None:
    tts = muspeaker.load()
    voices = shipped()[:1]
    (path,) = document.write_samples(tts, voices, tmp_path)
    samples, _ = soundfile.read(path, dtype="float32")
    expected = tts.synthesize(voices[0].heard, voices[0].name, seed=0).samples
    assert len(samples) == len(expected)
    assert np.corrcoef(samples, expected)[0, 1] > 0.9  # Vorbis


def test_the_command_names_its_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch) == 2
    assert run(monkeypatch, "sing") == 2
    assert run(monkeypatch, "--help") == 0
