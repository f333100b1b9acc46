"""How a model file stores its weights: f32, f16, or int8 with one scale for each output channel.

`muspeaker-train convert` writes files from checkpoints with this; `quantize_file` makes a smaller file from
a larger one without PyTorch. Both need the extra muspeaker[quantize].
"""

from __future__ import annotations

import tempfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.sound.files import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

ARCHITECTURE = "muspeaker"
WEIGHT_TYPES = ("f32", "f16", "q8")
WEIGHT_TYPE_KEY = "muspeaker.weight_type"
TENSOR_CHECKSUMS_KEY = "integrity.tensor_crc32"
HEADER_CHECKSUM_KEY = "integrity.header_crc32"
MAX_NAME_BYTES = 63  # ggml keeps 64, the last of them a zero
MIN_INT8_ELEMENTS = 1024  # below, the scales and the loss outweigh the bytes saved
HOT = (
    "vocoder.mrf_blocks."  # int8 however small: at 22050 Hz a layer of 8 channels is no small work
)
# Prefixes of what stays f16 in a q8 file. The vocoder's ends are heard at once when coarse. The others
# decide durations: a frame too many shifts all that follows, and in int8 a third of the sentences had one.
# All embeddings are among them: their rows are looked up, and int8 would save no arithmetic. The style
# encoder is int8: clones are as good by it.
FINE = (
    "vocoder.conv_pre.",
    "vocoder.conv_post.",
    "linguistic_encoder.",
    "vp_flow.",
    "fusion.",
    "variation_adapter.duration_predictor.",
    "aligner.",
    "phone_classifier.",
)
# Convolutions of one group a channel, wherever they are: float32 computes them, and they are small.
DEPTHWISE = ".depthwise."


def output_axis(rank: int) -> int:
    """Say which axis counts output channels: (out, in), (kernel, out, in), (out, in, height, width)."""
    return 1 if rank == 3 else 0


def quantize_int8(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round each output channel to int8, symmetric about zero.

    Args:
        weight: float32 of two to four axes, in the file's order.

    Returns:
        int8 of the same shape, and (out,) float32 such that weight is about int8 * scale[out]: at most
        half a scale off.
    """
    axis = output_axis(weight.ndim)
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    values = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return values, scale.reshape(-1)


def store(name: str, weight: NDArray[np.float32], weight_type: str) -> dict[str, NDArray[Any]]:
    """Cast one weight.

    Args:
        name: Its name; parts named in FINE, and DEPTHWISE ones, stay f16 in a q8 file.
        weight: float32, in the file's order.
        weight_type: "f32", "f16" or "q8".

    Returns:
        Name to array: the weight, and `<scope>.scale` as well as `<scope>.weight` if it is int8.

    Raises:
        ValueError: If a value is too large for f16.
    """
    if weight_type == "f32" or weight.ndim == 1:
        return {name: weight}
    if weight_type == "q8" and not (name.startswith(FINE) or DEPTHWISE in name):
        if weight.size < MIN_INT8_ELEMENTS and not name.startswith(HOT):
            return {name: weight}
        values, scale = quantize_int8(weight)
        return {name: values, f"{name.rpartition('.')[0]}.scale": scale}
    if np.abs(weight).max() > np.finfo(np.float16).max:
        raise ValueError(f"{name} has values too large for f16: {np.abs(weight).max()}")
    return {name: weight.astype(np.float16)}


def quantize_file(
    source: str | os.PathLike[str], target: str | os.PathLike[str], weight_type: str = "q8"
) -> None:
    """Write a model file with smaller weights, whole or not at all.

    From an f32 file this is, bit by bit, the file that `muspeaker-train convert` writes of that type; from
    an f16 file, int8 weights are a little off.

    Args:
        source: A file of type f32 or f16.
        target: Where to write; a file that is there is replaced, and it may be the source.
        weight_type: "f16" or "q8".

    Raises:
        FileNotFoundError: If there is no source, or no folder for the target.
        ModelFileError: If the source is no model file.
        RuntimeError: If the package gguf is missing.
        ValueError: If weight_type is neither, or the source holds no finer weights.
    """
    from muspeaker import _core  # noqa: PLC0415 (the engine checks the file)

    source, target = Path(source), Path(target)
    if weight_type not in WEIGHT_TYPES[1:]:
        raise ValueError(f"weight_type must be f16 or q8, got {weight_type!r}")
    if not source.is_file():
        raise FileNotFoundError(f"model file {str(source)!r} does not exist")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(target.parent)!r}")
    present = str(_core.Synthesizer(str(source), 1).config["weight_type"])
    if WEIGHT_TYPES.index(present) >= WEIGHT_TYPES.index(weight_type):
        raise ValueError(
            f"{str(source)!r} is {present} already: expected weights finer than {weight_type}"
        )
    header, present_tensors = _read_file(source)
    tensors: dict[str, NDArray[Any]] = {}
    for name, values in present_tensors.items():
        tensors |= store(name, values.astype(np.float32), weight_type)
    typed = ((k, weight_type if k == WEIGHT_TYPE_KEY else v, types) for k, v, types in header)
    write_file(target, typed, tensors)


def add_checksums(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Write a model file again, its tensors as they are, with the checksums that older files lack.

    Args:
        source: A file of any type.
        target: Where to write; a file that is there is replaced, and it may be the source.

    Raises:
        ModelFileError: If the source is no model file.
        RuntimeError: If the package gguf is missing.
    """
    from muspeaker import _core  # noqa: PLC0415 (the engine checks the file)

    _core.Synthesizer(str(source), 1)
    header, tensors = _read_file(Path(source))
    write_file(Path(target), header, tensors)


def _read_file(path: Path) -> tuple[list[tuple[str, object, Any]], dict[str, NDArray[Any]]]:
    """Header and tensors as `write_file` takes them, without what that adds."""
    reader = _gguf().GGUFReader(path)
    header = [
        (field.name, field.contents(), field.types)
        for field in reader.fields.values()
        if not field.name.startswith(("GGUF.", "general.architecture", "integrity."))
    ]
    return header, {tensor.name: np.array(tensor.data) for tensor in reader.tensors}


def write_file(
    path: Path, header: Iterable[tuple[str, object, Any]], tensors: Mapping[str, NDArray[Any]]
) -> None:
    """Write a GGUF file with checksums of its header and of each tensor, whole or not at all.

    Args:
        path: Where to; a file that is there is replaced.
        header: Key, value and GGUF's types of the value; None for the types that fit a str, int, float or
            tuple.
        tensors: Name to array, in the order of the file.

    Raises:
        OSError: If nothing can be written there.
        ValueError: If a name is longer than the reader takes, or a value has no type of GGUF.
    """
    long = [name for name in tensors if len(name.encode()) > MAX_NAME_BYTES]
    if long:
        raise ValueError(f"tensor names over {MAX_NAME_BYTES} bytes: {', '.join(long)}")
    types = _gguf().GGUFValueType
    values = list(header)
    if sums := [zlib.crc32(np.ascontiguousarray(x).data) for x in tensors.values()]:
        values.append((TENSOR_CHECKSUMS_KEY, sums, (types.ARRAY, types.UINT32)))
    with tempfile.TemporaryDirectory() as folder:  # GGUFWriter writes to nothing but a path
        draft = Path(folder, "header")
        _write(draft, [*values, (HEADER_CHECKSUM_KEY, 0, None)], tensors, is_draft=True)
        checksum = zlib.crc32(draft.read_bytes())
    with whole_file(path) as partial:
        _write(partial, [*values, (HEADER_CHECKSUM_KEY, checksum, None)], tensors)


def _write(
    path: Path,
    header: Iterable[tuple[str, object, Any]],
    tensors: Mapping[str, NDArray[Any]],
    *,
    is_draft: bool = False,
) -> None:
    """Write a file; a draft ends before the padding and the values of the tensors."""
    with closing(_gguf().GGUFWriter(path, ARCHITECTURE)) as writer:
        for key, value, types in header:
            _add_value(writer, key, value, types)
        for name, tensor in tensors.items():
            writer.add_tensor(name, tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        if is_draft:
            writer.write_ti_data_to_file()
        else:
            writer.write_tensors_to_file()


def _add_value(writer: Any, key: str, value: object, types: Any) -> None:
    if types is not None:
        writer.add_key_value(key, value, types[0], types[1] if len(types) > 1 else None)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, tuple) and value:
        writer.add_array(key, value)
    else:
        raise ValueError(f"header value {key} cannot be written: {value!r}")


def _gguf() -> Any:
    try:
        import gguf  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise RuntimeError("gguf is missing: pip install 'muspeaker[quantize]'") from error
    return gguf
