from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from muspeaker.voice import MAX_NOTE_CHARACTERS, Voice

if TYPE_CHECKING:
    from pathlib import Path


def other_voice(voice: Voice, frames: int = 80, fingerprint: str | None = None) -> Voice:
    rng = np.random.default_rng(2)
    return Voice(
        rng.normal(size=192).astype("f4"),
        rng.normal(size=(frames, 128)).astype("f4"),
        name="ben",
        fingerprint=voice.fingerprint if fingerprint is None else fingerprint,
    )


def test_a_saved_voice_is_the_same_voice(tmp_path: Path, voice: Voice) -> None:
    voice.save(tmp_path / "a.voice")
    loaded = Voice.load(tmp_path / "a.voice")
    np.testing.assert_array_equal(loaded.vector, voice.vector)
    np.testing.assert_array_equal(loaded.style, voice.style)
    assert (loaded.name, loaded.fingerprint) == ("anna", voice.fingerprint)
    loaded.save(tmp_path / "b.voice")
    assert (tmp_path / "a.voice").read_bytes() == (tmp_path / "b.voice").read_bytes()


def test_eight_bits_are_close_enough() -> None:
    style = np.random.default_rng(0).normal(size=(50, 128)).astype("f4")
    style[3] = 0.0
    held = Voice(np.ones(4, "f4"), style).style
    assert np.abs(held - style).max() <= np.abs(style).max() / 250
    np.testing.assert_array_equal(Voice(np.ones(4, "f4"), held).style, held)


def test_thirty_seconds_stay_under_110_kb(tmp_path: Path) -> None:
    style = np.random.default_rng(0).normal(size=(646, 128)).astype("f4")
    note = "é" * MAX_NOTE_CHARACTERS
    Voice(np.ones(3072, "f4"), style, name="é" * 100, consent=note).save(tmp_path / "a.voice")
    assert (tmp_path / "a.voice").stat().st_size < 110_000
    with pytest.raises(ValueError, match="consent is too long: expected at most 1000 characters"):
        Voice(np.ones(192, "f4"), style, consent=note + "!")


def test_a_note_of_consent_stays_with_the_voice(tmp_path: Path, voice: Voice) -> None:
    assert voice.consent == ""
    voice.consent = "Ana Ñandú 😀, 3 May 2026: may read audiobooks"
    voice.save(tmp_path / "a.voice")
    assert Voice.load(tmp_path / "a.voice").consent == voice.consent
    ben = other_voice(voice)
    assert Voice.mix({voice: 1, ben: 1}).consent == voice.consent
    ben.consent = "Ben: yes"
    assert Voice.mix({voice: 1, ben: 1}).consent == f"{voice.consent}; Ben: yes"


def test_a_language_stays_with_the_voice(tmp_path: Path, voice: Voice) -> None:
    assert voice.language == ""
    voice.language = "en-gb"
    voice.save(tmp_path / "a.voice")
    assert Voice.load(tmp_path / "a.voice").language == "en-gb"
    ben = other_voice(voice)
    assert Voice.mix({ben: 1, voice: 2}).language == "en-gb"
    assert Voice.mix({ben: 2, voice: 1}).language == ""
    with pytest.raises(TypeError, match="language must be a str, got int"):
        Voice(voice.vector, voice.style, language=5)


def test_mix_leaves_what_follows_the_embedding_a_plain_mean(tmp_path: Path, voice: Voice) -> None:
    def told(vector: list[float]) -> Voice:
        values = np.array(vector, "f4")
        return Voice(values, voice.style, fingerprint=voice.fingerprint, embedding=2)

    a, b = told([1.0, 0.0, -4.0, 2.0]), told([0.0, 1.0, -8.0, 4.0])
    mixed = Voice.mix({a: 3, b: 1})
    np.testing.assert_allclose(np.linalg.norm(mixed.vector[:2]), 1.0, rtol=1e-6)
    np.testing.assert_allclose(mixed.vector[0] / mixed.vector[1], 3.0, rtol=1e-6)
    np.testing.assert_allclose(mixed.vector[2:], [-5.0, 2.5], rtol=1e-6)
    mixed.save(tmp_path / "a.voice")
    assert Voice.load(tmp_path / "a.voice").embedding == mixed.embedding == 2
    with pytest.raises(ValueError, match="embedding must be 1 to 4, got 5"):
        Voice(a.vector, a.style, embedding=5)


def test_files_from_before_notes_and_embeddings_are_read(tmp_path: Path, voice: Voice) -> None:
    path = tmp_path / "a.voice"
    voice.save(path)
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    header = json.loads(data[20 : 20 + size])
    del header["consent"], header["speaker_embedding"], header["language"]
    old = json.dumps(header).encode()
    body = old + data[20 + size :]
    path.write_bytes(data[:12] + struct.pack("<II", len(old), zlib.crc32(body)) + body)
    loaded = Voice.load(path)
    assert (loaded.name, loaded.consent, loaded.embedding) == ("anna", "", 192)


def test_timbre_is_the_old_name_of_vector(voice: Voice) -> None:
    with pytest.warns(DeprecationWarning, match=r"Voice\.timbre is now Voice\.vector"):
        assert voice.timbre is voice.vector


def test_mix_weighs_vector_and_manner(voice: Voice) -> None:
    ben = other_voice(voice)
    mixed = Voice.mix({voice: 2, ben: 2})
    mean = (voice.vector + ben.vector) / 2
    cosine = mixed.vector @ mean / np.linalg.norm(mixed.vector) / np.linalg.norm(mean)
    assert cosine == pytest.approx(1.0, abs=1e-6)
    assert len(mixed.style) == 80  # 40 frames of each
    np.testing.assert_array_equal(mixed.style[:40], voice.style)
    assert mixed.name == "anna:0.5+ben:0.5"
    alone = Voice.mix({voice: 0.3}, name="same")
    np.testing.assert_allclose(alone.vector, voice.vector, rtol=1e-5)
    assert alone.name == "same"


def test_mix_refuses(voice: Voice) -> None:
    with pytest.raises(ValueError, match=r"voices of one model can be mixed, got models \['0123"):
        Voice.mix({voice: 1, other_voice(voice, fingerprint="f" * 16): 1})
    with pytest.raises(ValueError, match="expected at least one voice to mix, got none"):
        Voice.mix({})
    with pytest.raises(ValueError, match="weight of 'anna' must be positive, got -1"):
        Voice.mix({voice: -1})
    with pytest.raises(TypeError, match="weights must be a dict of Voice to number, got list"):
        Voice.mix([voice])
    with pytest.raises(TypeError, match="weight of 'anna' must be a number, got str"):
        Voice.mix({voice: "1"})
    with pytest.raises(TypeError, match="expected a Voice to mix, got str"):
        Voice.mix({"anna": 1.0})


def test_arrays_are_checked() -> None:
    good = np.ones((3, 4), "f4")
    with pytest.raises(TypeError, match="vector must be float32, got dtype int64"):
        Voice(np.ones(4, np.int64), good)
    with pytest.raises(
        ValueError, match=r"style must have 2 axes and be non-empty, got shape \(4,\)"
    ):
        Voice(np.ones(4, "f4"), good[0])
    with pytest.raises(ValueError, match="vector has non-finite values"):
        Voice(np.full(4, np.nan, "f4"), good)
    with pytest.raises(TypeError, match="name must be a str, got int"):
        Voice(np.ones(4, "f4"), good, name=3)


def test_files_that_are_no_voices(tmp_path: Path, voice: Voice) -> None:
    path = tmp_path / "a.voice"
    with pytest.raises(FileNotFoundError, match=r"voice file .* does not exist"):
        Voice.load(path)
    with pytest.raises(IsADirectoryError, match="is a folder: expected a file"):
        Voice.load(tmp_path)
    path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(ValueError, match=r"is no voice file: expected it to begin with b'MUSPVOX"):
        Voice.load(path)
    voice.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:8] + struct.pack("<I", 3) + whole[12:])
    with pytest.raises(
        ValueError, match=r"format version 3: this version of muspeaker reads up to 2"
    ):
        Voice.load(path)


def test_any_cut_or_flipped_byte_is_seen(tmp_path: Path, voice: Voice) -> None:
    path = tmp_path / "a.voice"
    voice.save(path)
    whole = path.read_bytes()
    for size in [0, 3, 8, 19, 20, 60, len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"no voice file|truncated or damaged"):
            Voice.load(path)
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(ValueError, match="voice file"):
            Voice.load(path)


def test_builtin_voices() -> None:
    with pytest.raises(ValueError, match="no built-in voice 'nobody': expected "):
        Voice.builtin("nobody")
