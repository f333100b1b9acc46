"""Damaged models and voices: refused, or an error where they speak, and never NaN for speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import muspeaker
from muspeaker.quantize import add_checksums
from muspeaker.voice import MAX_VALUE, Voice

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer

GOLDEN = Path(__file__).parents[1] / "golden" / "v2-f16.bin"
NAN = {np.dtype(np.float16): np.float16("nan"), np.dtype(np.float32): np.float32("nan")}


def test_no_call_returns_what_is_no_number(
    tts: Synthesizer, voice: Voice, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = type(engine).synthesize
    for bad in (np.nan, np.inf, -np.inf):

        def synthesize(self: Any, *args: Any, bad: float = bad, **options: Any) -> Any:
            samples, durations = whole(self, *args, **options)
            samples[-1] = bad
            return samples, durations

        monkeypatch.setattr(type(engine), "synthesize", synthesize)
        calls = (
            lambda: tts.synthesize("Hi.", voice),
            lambda: list(tts.stream("Hi.", voice)),
            lambda: tts.synthesize_batch(["Hi.", "Ho."], voice),
            lambda: tts.dialogue([(voice, "Hi.")]),
        )
        for call in calls:
            with pytest.raises(RuntimeError, match="not finite: the model file or the voice"):
                call()


def test_nan_in_any_tensor_is_no_speech(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    rng = np.random.default_rng(0)
    samples = rng.normal(size=40000).astype("f4") / 10
    voice = muspeaker.load(GOLDEN).clone((samples, 20000))
    tensors = gguf.GGUFReader(GOLDEN).tensors[::5]
    refused = 0
    for tensor in tensors:
        data = bytearray(GOLDEN.read_bytes())
        dtype = tensor.data.dtype
        at = int(tensor.data_offset) + dtype.itemsize * (tensor.n_elements // 2)
        data[at : at + dtype.itemsize] = NAN[dtype].tobytes()
        path = tmp_path / "damaged.bin"
        path.write_bytes(data)
        tts = muspeaker.load(path)
        try:
            spoken = tts.synthesize("bdk ptɡ", voice, phonemes=True).samples
        except (RuntimeError, ValueError):
            refused += 1
            continue
        assert np.isfinite(spoken).all(), tensor.name
    assert refused > len(tensors) // 4


def test_a_flipped_bit_in_any_tensor_is_refused_by_its_name(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    path = tmp_path / "a.bin"
    add_checksums(GOLDEN, path)
    whole = path.read_bytes()
    for index, tensor in enumerate(gguf.GGUFReader(path).tensors[::5]):
        data = bytearray(whole)
        data[int(tensor.data_offset) + index % int(tensor.n_bytes)] ^= 1 << index % 8
        path.write_bytes(data)
        with pytest.raises(muspeaker.ModelFileError, match=f"tensor {tensor.name} .* is damaged"):
            muspeaker.load(path)


def test_a_flipped_bit_in_the_header_is_refused(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    path = tmp_path / "a.bin"
    add_checksums(GOLDEN, path)
    whole, reader = path.read_bytes(), gguf.GGUFReader(path)
    fields = [*reader.fields.values(), *(tensor.field for tensor in reader.tensors[::5])]
    for index, field in enumerate(fields):
        data = bytearray(whole)
        data[field.offset + sum(part.nbytes for part in field.parts) - 1] ^= 1 << index % 8
        path.write_bytes(data)
        with pytest.raises(muspeaker.ModelFileError):
            muspeaker.load(path)


def test_checksums_change_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    path = tmp_path / "a.bin"
    for golden in GOLDEN.parent.glob("*.bin"):
        add_checksums(golden, path)
        old, new = muspeaker.load(golden, num_threads=1), muspeaker.load(path, num_threads=1)
        assert new.config == old.config  # with the fingerprint, which binds voices to the model
        samples = np.random.default_rng(0).normal(size=40000).astype("f4") / 10
        voices = [tts.clone((samples, 20000)) for tts in (old, new)]
        np.testing.assert_array_equal(voices[0].vector, voices[1].vector)
        once = path.read_bytes()
        assert len(once) > len(golden.read_bytes())
        add_checksums(path, path)
        assert path.read_bytes() == once


@pytest.mark.parametrize("part", ["vector", "style"])
def test_a_voice_has_plausible_values(tmp_path: Path, voice: Voice, part: str) -> None:
    arrays = {"vector": voice.vector, "style": voice.style}
    for most in (0.99 * MAX_VALUE, -0.99 * MAX_VALUE):
        at_limit = arrays[part].copy()
        at_limit.flat[3] = most
        Voice(**(arrays | {part: at_limit})).save(tmp_path / "a.voice")
        Voice.load(tmp_path / "a.voice")
        beyond = at_limit * 1e3
        with pytest.raises(
            ValueError, match=f"{part} has a value of -?9.9e\\+05: expected at most"
        ):
            Voice(**(arrays | {part: beyond}))


@pytest.mark.parametrize(
    ("word", "other"),
    [
        (b"tiny", b"t\xffny"),  # a value
        (b"muspeaker.name", b"muspeaker.\xffame"),  # a key
        (b"mel_decoder.", b"mel_decode\xff."),  # names of tensors, which an error would tell
        (b"t\xca\x83", b"t\xca\xca"),  # a symbol
    ],
)
def test_a_model_file_with_names_that_are_no_text(
    tmp_path: Path, word: bytes, other: bytes
) -> None:
    data = GOLDEN.read_bytes()
    assert word in data
    (tmp_path / "a.bin").write_bytes(data.replace(word, other))
    with pytest.raises(muspeaker.ModelFileError, match="is no UTF-8"):
        muspeaker.load(tmp_path / "a.bin")
