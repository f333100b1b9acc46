"""A prepared corpus, packed small for sending, and unpacked where it arrives.

Recordings are sent once; copies played at another speed are made again there. F0, durations and timbre
vectors are sent as they are, since what computes them is not there. Mel and energy are computed from the
audio.
"""

from __future__ import annotations

import bz2
import io
import json
import lzma
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.sound.files import whole_file
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.samples import from_int16, to_int16
from muspeaker.train.corpus.alignment import (
    ALIGNMENT,
    alignment_path,
    load_alignment,
    packed_alignment,
)
from muspeaker.train.corpus.cache import (
    SIZES,
    Cache,
    Clip,
    mel_and_energy,
    read_index,
    read_sizes,
)
from tools.lease import codec
from tools.lease.archive import find_members, read_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from muspeaker.config import AudioConfig

CHUNK_FRAMES = 20000
INDEX, F0, TIMBRES = "index.json.xz", "f0.bz2", "timbres.bz2"
FBANK_MAP = "fbank_map.npy"  # for the student's judge of voices; the filter banks are not sent
KINDS = ("json", "levels", "coefficients")  # the members of one chunk


def sources(clips: list[Clip]) -> dict[int, int]:
    """The clip at its own speed of every copy at another speed, both by number, where there is one."""
    plain = {clip.id: number for number, clip in enumerate(clips) if clip.speed == 1.0}
    found = {
        number: plain.get(clip.id.removesuffix(f"@{clip.speed}"))
        for number, clip in enumerate(clips)
        if clip.speed != 1.0
    }
    return {number: source for number, source in found.items() if source is not None}


def members(
    cache: Cache, numbers: list[int] | None = None, files: Mapping[str, Path] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Everything of the corpus that must travel, compressed, as members of archives.

    Args:
        cache: The prepared corpus.
        numbers: Clips that travel; all if None.
        files: Recordings by the ids of clips. Those that are there travel as they are, and are prepared again
            where they arrive; all others go through the codec.
    """
    numbers = list(range(len(cache.clips))) if numbers is None else numbers
    files = files or {}
    clips = [cache.clips[number] for number in numbers]
    source_of = sources(clips)
    index, first_frame = [], 0
    for at, clip in enumerate(clips):
        # A copy made from the prepared rate holds less than one made from the original rate.
        made_hz = cache.sizes.sample_rate / 2 * clip.speed if at in source_of else clip.band_hz
        moved = replace(clip, band_hz=min(clip.band_hz, made_hz), first_frame=first_frame)
        index.append(asdict(moved))
        first_frame += clip.frames
    yield INDEX, lzma.compress(json.dumps(index).encode())
    yield SIZES, json.dumps(asdict(cache.sizes)).encode()
    yield F0, _packed_f0(np.concatenate([cache.f0[clip.span] for clip in clips]))
    yield from _labels(cache, numbers)
    sent = [at for at in range(len(clips)) if at not in source_of]
    whole = [at for at in sent if clips[at].id in files]
    for count, some in enumerate(_file_chunks(clips, whole)):
        recordings = [files[clips[at].id].read_bytes() for at in some]
        label = {"numbers": some, "bytes": [len(recording) for recording in recordings]}
        yield f"files/{count:04}.json", json.dumps(label).encode()
        yield f"files/{count:04}.recordings", b"".join(recordings)
    coder = codec.Codec(cache.sizes)
    coded = [at for at in sent if clips[at].id not in files]
    for count, some in enumerate(_chunks(clips, coded, coder)):
        packed = [coder.encode(cache.samples(clips[at]), clips[at].band_hz) for at in some]
        levels, coefficients = coder.compress(packed)
        yield f"audio/{count:04}.json", json.dumps(some).encode()
        yield f"audio/{count:04}.levels", levels
        yield f"audio/{count:04}.coefficients", coefficients


def _packed_f0(f0: npt.NDArray[np.float32]) -> bytes:
    return bz2.compress(f0.astype(np.float16).view(np.uint8).reshape(-1, 2).T.tobytes())


def _labels(cache: Cache, numbers: list[int]) -> Iterator[tuple[str, bytes]]:
    """The best alignment, whatever its name here, the judge's map and the timbres, where they are there."""
    if alignment_path(cache.folder).exists():
        alignment = load_alignment(alignment_path(cache.folder))
        kept = {at: alignment[n] for at, n in enumerate(numbers) if n in alignment}
        yield ALIGNMENT, lzma.compress(packed_alignment(kept))
    if (cache.folder / FBANK_MAP).exists():
        yield FBANK_MAP, (cache.folder / FBANK_MAP).read_bytes()
    if (cache.folder / "timbres.npy").exists():
        timbres = np.load(cache.folder / "timbres.npy")[numbers]
        yield TIMBRES, bz2.compress(timbres.astype(np.float16).tobytes())


def _file_chunks(clips: list[Clip], numbers: list[int]) -> Iterator[list[int]]:
    """Clips in their order, at most CHUNK_FRAMES together where there is more than one."""
    chunk: list[int] = []
    for number in numbers:
        if chunk and sum(clips[n].frames for n in [*chunk, number]) > CHUNK_FRAMES:
            yield chunk
            chunk = []
        chunk.append(number)
    if chunk:
        yield chunk


def _chunks(clips: list[Clip], numbers: list[int], coder: codec.Codec) -> Iterator[list[int]]:
    """Clips of one bandwidth, CHUNK_FRAMES together."""
    chunk: list[int] = []
    for number in sorted(numbers, key=lambda n: (coder.num_bands(clips[n].band_hz), n)):
        bands = coder.num_bands(clips[number].band_hz)
        full = sum(clips[n].frames for n in chunk) + clips[number].frames > CHUNK_FRAMES
        if chunk and (full or bands != coder.num_bands(clips[chunk[0]].band_hz)):
            yield chunk
            chunk = []
        chunk.append(number)
    if chunk:
        yield chunk


def unpack(archives: Path, folder: Path, workers: int) -> None:
    """Write the folder that `muspeaker.train.corpus.cache.Cache` reads; nothing is done if it is there.

    Args:
        archives: Folder of all archives.
        folder: Where the corpus goes.
        workers: Processes.

    Raises:
        ArchiveError: If archives are missing or damaged.
    """
    if (folder / "index.json").exists():
        return
    where = find_members(archives)
    folder.mkdir(parents=True, exist_ok=True)
    index = lzma.decompress(read_member(where[INDEX], INDEX))
    halves = np.frombuffer(bz2.decompress(read_member(where[F0], F0)), np.uint8).reshape(2, -1)
    f0 = np.ascontiguousarray(halves.T).view(np.float16)[:, 0].astype(np.float32)
    np.save(folder / "f0.npy", f0)
    for name in (SIZES, FBANK_MAP):
        if name in where:
            (folder / name).write_bytes(read_member(where[name], name))
    if ALIGNMENT in where:
        packed = lzma.decompress(read_member(where[ALIGNMENT], ALIGNMENT))
        (folder / ALIGNMENT).write_bytes(packed)
    if TIMBRES in where:
        values = np.frombuffer(bz2.decompress(read_member(where[TIMBRES], TIMBRES)), np.float16)
        np.save(
            folder / "timbres.npy", values.astype(np.float32).reshape(len(json.loads(index)), -1)
        )
    audio = read_sizes(folder)
    for name, dtype, shape in (
        ("audio", np.int16, (len(f0) * audio.hop_samples,)),
        ("mel", np.float16, (len(f0), audio.num_mels)),
        ("energy", np.float16, (len(f0),)),
    ):
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, shape).flush()
    stems = sorted(
        name.removesuffix(".json")
        for name in where
        if name.startswith(("audio/", "files/")) and name.endswith(".json")
    )
    chunks = [
        {
            name.rpartition(".")[2]: (where[name], name)
            for name in where
            if name.startswith(f"{stem}.")
        }
        for stem in stems
    ]
    with whole_file(folder / "index.json") as unfinished:  # so that half a corpus has no index
        unfinished.write_bytes(index)
        expand = partial(_expand, folder, unfinished)
        if workers == 1:
            for chunk in chunks:
                expand(chunk)
        else:
            with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
                list(pool.map(expand, chunks))


def _expand(folder: Path, index: Path, chunk: dict[str, tuple[Path, str]]) -> None:
    """Decode one chunk, given its members, make the copies of its clips, compute mel and energy."""
    torch.set_num_threads(1)
    clips = read_index(index.read_text(encoding="utf-8"))
    audio = read_sizes(folder)
    copies: dict[int, list[int]] = {}
    for copy, source in sources(clips).items():
        copies.setdefault(source, []).append(copy)
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "r+")
        for name in ("audio", "mel", "energy")
    }
    decoded = _from_files if "recordings" in chunk else _from_codec
    for number, samples in decoded(chunk, clips, audio):
        _store(arrays, clips[number], samples, audio)
        for copy in copies.get(number, []):
            stretched = codec.resample(samples, round(len(samples) / clips[copy].speed))
            _store(arrays, clips[copy], normalize_loudness(stretched), audio)


def _from_codec(
    chunk: dict[str, tuple[Path, str]], clips: list[Clip], audio: AudioConfig
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Numbers of clips, and their samples."""
    coder = codec.Codec(audio)
    numbers = json.loads(read_member(*chunk["json"]))
    levels, coefficients = (read_member(*chunk[kind]) for kind in KINDS[1:])
    coded = coder.decompress(levels, coefficients, coder.num_bands(clips[numbers[0]].band_hz))
    end = 0
    for number in numbers:
        start, end = end, end + clips[number].frames + 1
        part = codec.Coded(coded.levels[start:end], coded.coefficients[start:end])
        yield number, coder.decode(part)


def _from_files(
    chunk: dict[str, tuple[Path, str]], clips: list[Clip], audio: AudioConfig
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """The same from recordings, prepared as `muspeaker.train.stages.prepare` did."""
    import soundfile  # noqa: PLC0415  (needed only where recordings are sent as they are)

    from muspeaker.train.corpus.leveling import (  # noqa: PLC0415  (likewise: SciPy)
        Variant,
        level_samples,
    )

    label, recordings = json.loads(read_member(*chunk["json"])), read_member(*chunk["recordings"])
    end = 0
    for number, count in zip(label["numbers"], label["bytes"], strict=True):
        start, end = end, end + count
        samples, rate_hz = soundfile.read(
            io.BytesIO(recordings[start:end]), dtype="float32", always_2d=True
        )
        variant = Variant(trim=not clips[number].durations)
        yield number, level_samples(samples, rate_hz, variant, audio)


def _store(
    arrays: Mapping[str, np.ndarray[Any, Any]],
    clip: Clip,
    samples: npt.NDArray[np.float32],
    audio: AudioConfig,
) -> None:
    """Write one clip's audio and features, cut or padded to its frames."""
    count = clip.frames * audio.hop_samples
    samples = np.pad(samples[:count], (0, max(0, count - len(samples))))
    stored = to_int16(samples)
    first = clip.first_frame * audio.hop_samples
    arrays["audio"][first : first + count] = stored
    arrays["mel"][clip.span], arrays["energy"][clip.span] = mel_and_energy(
        from_int16(stored), audio
    )
