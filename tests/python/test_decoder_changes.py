"""What decoders have learnt, and the voices and files that carry it."""

from __future__ import annotations

import copy
import json
import pickle
import struct
import zlib
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from muspeaker.batch.folder import OutputFolder
from muspeaker.batch.jobs import Job
from muspeaker.batch.recorder import manner_of
from muspeaker.book.recorder import BookRecorder
from muspeaker.decoder_changes import DecoderChanges, for_engine
from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.voice import MAX_FILE_BYTES, Voice

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer

SHAPES = {"b.weight": (5, 6, 4), "b.bias": (6,), "a.weight": (3, 4), "a.bias": (3,)}


def learnt(seed: int = 0, size: float = 0.01) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, size, shape).astype("f4") for name, shape in SHAPES.items()}


def with_changes(voice: Voice, seed: int = 0) -> Voice:
    changed = copy.copy(voice)
    changed.changes = DecoderChanges.of(learnt(seed))
    return changed


def test_eight_bits_a_row_in_the_order_of_names() -> None:
    values = learnt()
    values["a.weight"][1] = 0.0
    changes = DecoderChanges.of(values)
    assert changes.shapes == ((1, 3), (3, 4), (1, 6), (30, 4))
    assert (changes.codes.shape, changes.scales.shape) == ((141,), (35,))
    for name, rows in zip(sorted(values), changes.tensors(), strict=True):
        expected = values[name].reshape(rows.shape)
        limit = np.abs(expected).max(axis=1, keepdims=True) / 253
        assert (np.abs(rows - expected) <= limit).all()
    with pytest.raises(ValueError, match="read-only"):
        changes.codes[0] = 1


def test_a_voice_file_of_version_2(tmp_path: Path, voice: Voice) -> None:
    voice.save(tmp_path / "old.voice")
    old = (tmp_path / "old.voice").read_bytes()
    assert struct.unpack_from("<I", old, 8) == (1,)
    assert b"decoder_shapes" not in old
    changed = with_changes(voice)
    changed.save(tmp_path / "a.voice")
    assert struct.unpack_from("<I", (tmp_path / "a.voice").read_bytes(), 8) == (2,)
    loaded = Voice.load(tmp_path / "a.voice")
    assert changed.changes is not None
    assert loaded.changes is not None
    assert loaded.changes.shapes == changed.changes.shapes
    np.testing.assert_array_equal(loaded.changes.codes, changed.changes.codes)
    np.testing.assert_array_equal(loaded.changes.scales, changed.changes.scales)
    np.testing.assert_array_equal(loaded.style, voice.style)
    loaded.save(tmp_path / "b.voice")
    assert (tmp_path / "a.voice").read_bytes() == (tmp_path / "b.voice").read_bytes()
    assert Voice.load(tmp_path / "old.voice").changes is None


def test_the_largest_decoder_fits_into_a_file(tmp_path: Path, voice: Voice) -> None:
    rows = 12_000_000 // 192
    changes = DecoderChanges(np.ones(rows * 192, "i1"), np.zeros(rows, "f4"), [(rows, 192)])
    voice.changes = changes
    voice.save(tmp_path / "a.voice")
    assert (tmp_path / "a.voice").stat().st_size < MAX_FILE_BYTES
    assert Voice.load(tmp_path / "a.voice").changes is not None


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "decoder_shapes must be 1 to"),
        ("long", "decoder_shapes must be 1 to"),
        ([[1, 3, 4]], "damaged header"),
        ([[1, 3], [3, 0]], "length must be 1 to 1000000, got 0"),
        ([[1, 3], [3, 4], [1, 6], [29, 4]], "expected .* bytes of arrays, got"),
        ([[1_000_000, 1_000_000]], "expected .* bytes of arrays, got"),
        (None, "damaged header"),
    ],
)
def test_damaged_sizes_are_refused(
    tmp_path: Path, voice: Voice, shapes: object, message: str
) -> None:
    path = tmp_path / "a.voice"
    with_changes(voice).save(path)
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    header = json.loads(data[20 : 20 + size])
    header["decoder_shapes"] = shapes
    if shapes is None:
        del header["decoder_shapes"]
    damaged = json.dumps(header).encode()
    body = damaged + data[20 + size :]
    path.write_bytes(data[:12] + struct.pack("<II", len(damaged), zlib.crc32(body)) + body)
    with pytest.raises(ValueError, match=message):
        Voice.load(path)


def test_damaged_scales_are_refused(tmp_path: Path, voice: Voice) -> None:
    path = tmp_path / "a.voice"
    changed = with_changes(voice)
    assert changed.changes is not None
    for wrong in (np.nan, np.inf, -0.1, 2.0):
        scales = changed.changes.scales.copy()
        scales[3] = wrong
        with pytest.raises(ValueError, match="have a scale that is not from 0 to 1"):
            DecoderChanges(changed.changes.codes, scales, changed.changes.shapes)
        changed.save(path)
        data = path.read_bytes()
        at = data.rindex(changed.changes.scales.tobytes())
        whole = data[:at] + scales.tobytes() + data[at + scales.nbytes :]
        path.write_bytes(whole[:16] + struct.pack("<I", zlib.crc32(whole[20:])) + whole[20:])
        with pytest.raises(ValueError, match="have a scale that is not from 0 to 1"):
            Voice.load(path)


def test_arrays_are_checked(voice: Voice) -> None:
    codes, scales = np.zeros(12, "i1"), np.zeros(3, "f4")
    with pytest.raises(TypeError, match="changes must be int8 with float32 scales, got int16"):
        DecoderChanges(codes.astype("i2"), scales, [(3, 4)])  # type: ignore[arg-type] (it is to be refused)
    with pytest.raises(TypeError, match="changes must be int8 with float32 scales"):
        DecoderChanges(codes.tolist(), scales.tolist(), [(3, 4)])
    with pytest.raises(ValueError, match=r"must be \(12,\) codes and \(3,\) scales, got \(11,\)"):
        DecoderChanges(codes[1:], scales, [(3, 4)])
    with pytest.raises(ValueError, match="must have rows, and values in each"):
        DecoderChanges(codes[:0], scales[:0], [])
    with pytest.raises(TypeError, match="changes must be DecoderChanges, got ndarray"):
        Voice(voice.vector, voice.style, changes=codes)  # type: ignore[arg-type] (it is to be refused)


def test_mixed_changes_add_up_by_weight(voice: Voice) -> None:
    a, b = with_changes(voice, 1), with_changes(voice, 2)
    assert a.changes is not None
    assert b.changes is not None
    mixed = Voice.mix({a: 3, b: 1}).changes
    assert mixed is not None
    for x, y, z in zip(a.changes.tensors(), b.changes.tensors(), mixed.tensors(), strict=True):
        np.testing.assert_allclose(z, 0.75 * x + 0.25 * y, atol=np.abs(x).max() / 100)
    half = Voice.mix({a: 1, voice: 1}).changes  # a voice that has learnt nothing adds nothing
    assert half is not None
    np.testing.assert_array_equal(half.codes, a.changes.codes)
    np.testing.assert_allclose(half.scales, a.changes.scales / 2)
    assert half.tobytes() != a.changes.tobytes()
    assert Voice.mix({voice: 1}).changes is None
    other = copy.copy(voice)
    other.changes = DecoderChanges.of({"a.bias": np.ones(3, "f4") / 100})
    with pytest.raises(ValueError, match="got decoders of other sizes"):
        Voice.mix({a: 1, other: 1})


def test_copies_share_what_is_learnt_and_pickles_carry_it(voice: Voice) -> None:
    changed = with_changes(voice)
    handle = for_engine(changed.changes)
    assert for_engine(copy.copy(changed).changes) is handle
    again = pickle.loads(pickle.dumps(changed))
    assert again.changes is not None
    assert changed.changes is not None
    np.testing.assert_array_equal(again.changes.codes, changed.changes.codes)
    np.testing.assert_array_equal(again.changes.scales, changed.changes.scales)
    other = with_changes(voice, 5).changes
    assert other is not None
    assert again.changes.tobytes() == changed.changes.tobytes() != other.tobytes()
    assert for_engine(again.changes) is not handle
    assert for_engine(None) is None


def test_a_style_is_taken_without_what_its_voice_has_learnt(
    tts: Synthesizer, voice: Voice, engine: object
) -> None:
    changed = with_changes(voice)
    tts.synthesize("Hello.", voice, style=changed)
    tts.synthesize("Hello.", changed, style=voice)
    given = [call["changes"] for call in engine.calls]  # type: ignore[attr-defined] (a stand-in)
    assert given == [None, for_engine(changed.changes)]


def test_a_model_without_phone_classifier_refines_nothing(
    tts: Synthesizer, tone: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="no phone classifier, which refining needs"):
        tts.clone((tone, 24000), refine=True)
    assert tts.clone((tone, 24000)).changes is None


def test_nothing_is_learnt_for_a_voice_that_cannot_be(
    tts: Synthesizer, tone: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning: list[object] = []
    monkeypatch.setattr("muspeaker.cloning._learnt", lambda *given: learning.append(given))
    monkeypatch.setattr(tts._speech, "config", SimpleNamespace(phone_classifier=True))
    with pytest.raises(TypeError, match="name must be a str"):
        tts.clone((tone, 24000), refine=True, name=5)  # type: ignore[arg-type] (it is to be refused)
    with pytest.raises(ValueError, match="consent is too long"):
        tts.clone((tone, 24000), refine=True, consent="x" * 2000)
    assert not learning


@pytest.mark.parametrize("switch", ["plain", "refine", "denoise"])
@pytest.mark.parametrize("value", ["no", 1, None])
def test_switches_are_bools(tts: Synthesizer, tone: np.ndarray, switch: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{switch} must be a bool, got {type(value).__name__}"):
        tts.clone((tone, 24000), **{switch: value})


@pytest.mark.parametrize("value", [True, False])
def test_switches_may_be_bools_of_numpy(
    tts: Synthesizer, tone: np.ndarray, engine: object, value: bool
) -> None:
    switch = np.bool_(value)
    tts.clone((tone, 24000), plain=switch, denoise=switch, refine=np.bool_(0))  # type: ignore[arg-type] (as arrays compared give)
    (plain,) = engine.plain  # type: ignore[attr-defined] (a stand-in)
    assert plain is value


def test_a_voice_pickled_before_there_were_changes_has_none(voice: Voice) -> None:
    state = {name: value for name, value in vars(voice).items() if name != "changes"}
    old = Voice.__new__(Voice)
    vars(old).update(state)
    assert old.changes is None
    assert Voice.mix({old: 1.0}).changes is None


def test_recordings_of_a_voice_are_not_those_of_the_voice_refined(
    tts: Synthesizer, voice: Voice, tmp_path: Path
) -> None:
    """A book or a batch that goes on after a stop speaks again what another voice has spoken."""
    changed = with_changes(voice)
    books = [BookRecorder(tts, v, {}, tmp_path / "a.wav") for v in (voice, changed)]
    assert books[0]._key.digest() != books[1]._key.digest()
    job = Job("a", "Hello.", None, {})
    keys = [
        OutputFolder(tmp_path, "f", manner_of([job], tts, v, {}, ".wav", None))._key(job)
        for v in (voice, changed)
    ]
    assert keys[0] != keys[1]


def test_a_server_speaks_with_what_a_voice_in_its_folder_has_learnt(
    tts: Synthesizer, voice: Voice, tmp_path: Path, engine: object
) -> None:
    with_changes(voice).save(tmp_path / "anna.voice")
    voices = VoiceFolder(tts.fingerprint, tmp_path)
    for _ in range(2):
        tts.synthesize("Hello.", voices.get("anna"))
    first, second = (call["changes"] for call in engine.calls)  # type: ignore[attr-defined] (a stand-in)
    assert first is second is not None  # so that its decoder is made once


@pytest.mark.parametrize("part", ["changes", "vector", "style", "flat style"])
def test_a_voice_that_only_names_the_model_is_refused_before_it_speaks(
    tts: Synthesizer, voice: Voice, engine: object, part: str
) -> None:
    """A file made by hand, or damaged with care: a server can still answer what is wrong with it."""
    strange = with_changes(voice)
    if part == "changes":
        strange.changes = DecoderChanges.of({"a.weight": np.ones((3, 5), "f4")})
    elif part == "vector":
        strange.vector = strange.vector[1:]
    elif part == "style":
        strange.style = strange.style[:, 1:]
    else:
        strange.style = strange.style[0]
    for given in ({"voice": strange}, {"voice": voice, "style": strange}):
        with pytest.raises(ValueError, match="names this model and has other sizes"):
            tts.stream("Hello.", **given)
    assert not engine.calls  # type: ignore[attr-defined] (a stand-in)
    assert tts.synthesize("Hello.", with_changes(voice)).samples.size
