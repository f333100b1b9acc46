"""`muspeaker quantize`: the same file as from the checkpoint, without PyTorch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
gguf = pytest.importorskip("gguf")

from typer.testing import CliRunner

import muspeaker
from muspeaker import quantize
from muspeaker.cli import app
from muspeaker.config import base, lite
from muspeaker.quantize import FINE, HEADER_CHECKSUM_KEY, TENSOR_CHECKSUMS_KEY, quantize_file
from muspeaker.train.convert_weights import convert
from muspeaker.twin.model.muspeaker import MuSpeaker
from tests.model_reader import read
from tests.tiny_model import checkpoint_of, tiny_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model in every type, from its checkpoint."""
    folder = tmp_path_factory.mktemp("models")
    checkpoint = checkpoint_of(tiny_model())
    paths = {kind: folder / f"{kind}.bin" for kind in ("f32", "f16", "q8")}
    for kind, path in paths.items():
        convert(checkpoint, path, kind)
    return paths


@pytest.mark.parametrize("kind", ["f16", "q8"])
def test_from_f32_it_is_the_converters_file(files, tmp_path, kind):
    target = tmp_path / "a.bin"
    result = CliRunner().invoke(
        app, ["quantize", str(files["f32"]), "-o", str(target), "--type", kind]
    )
    assert result.exit_code == 0, result.output
    assert f"a.bin: {kind}, " in result.output
    assert target.read_bytes() == files[kind].read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_from_f16_only_the_int8_weights_differ_and_little(files, tmp_path):
    quantize_file(files["f16"], tmp_path / "a.bin")
    header, tensors = read(tmp_path / "a.bin")
    expected_header, expected = read(files["q8"])
    for key in (HEADER_CHECKSUM_KEY, TENSOR_CHECKSUMS_KEY):
        assert header.pop(key) != expected_header.pop(key)
    assert header == expected_header
    assert list(tensors) == list(expected)
    for name, values in tensors.items():
        if values.dtype == np.int8:
            steps = np.abs(values.astype(int) - expected[name].astype(int))
            assert steps.max() <= 1
            assert steps.mean() < 0.05
        elif values.dtype == np.float16 or values.ndim == 1:
            np.testing.assert_allclose(values, expected[name], rtol=2e-3)
        else:  # small weights stay f32, with the precision they came in
            np.testing.assert_array_equal(values, expected[name].astype(np.float16))
    muspeaker.load(tmp_path / "a.bin")


def test_the_source_may_be_the_target(files, tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(files["f32"].read_bytes())
    quantize_file(path, path, "q8")
    assert path.read_bytes() == files["q8"].read_bytes()


def test_a_full_disk_leaves_what_was_there(files, tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    write = quantize._write

    def full(at: Path, *given: object, is_draft: bool = False) -> None:
        write(at, *given, is_draft=is_draft)
        if not is_draft:
            raise OSError("the disk is full")

    monkeypatch.setattr(quantize, "_write", full)
    with pytest.raises(OSError, match="the disk is full"):
        quantize_file(files["f32"], path, "q8")
    assert path.read_bytes() == b"before"
    assert [found.name for found in tmp_path.iterdir()] == ["a.bin"]


def test_what_is_refused(files, tmp_path, monkeypatch):
    target = tmp_path / "a.bin"
    with pytest.raises(ValueError, match=r"q8\.bin' is q8 already: expected weights finer than q8"):
        quantize_file(files["q8"], target)
    with pytest.raises(ValueError, match="is q8 already: expected weights finer than f16"):
        quantize_file(files["q8"], target, "f16")
    with pytest.raises(ValueError, match="weight_type must be f16 or q8, got 'q4'"):
        quantize_file(files["f32"], target, "q4")
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        quantize_file(files["f32"], tmp_path / "nowhere" / "a.bin")
    foreign = tmp_path / "b.bin"
    foreign.write_bytes(files["f32"].read_bytes()[:5000])
    with pytest.raises(muspeaker.ModelFileError, match="truncated"):
        quantize_file(foreign, target)
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(RuntimeError, match=r"pip install 'muspeaker\[quantize\]'"):
        quantize_file(files["f32"], target)
    assert not target.exists()


@pytest.mark.parametrize("config", [lite(), base()], ids=lambda config: config.name)
def test_embeddings_are_among_what_stays_f16(config):
    with torch.device("meta"):
        modules = dict(MuSpeaker(config).named_modules())
    names = [name for name, module in modules.items() if isinstance(module, torch.nn.Embedding)]
    assert len(names) > 3
    assert all(name.startswith(FINE) for name in names)
