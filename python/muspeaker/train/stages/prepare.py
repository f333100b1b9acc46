"""Stage: decode, trim, level, pitch-track and transcribe a corpus once, into a few flat arrays.

The folder holds `audio.npy` (int16), `f0.npy` (Hz, 0 where unvoiced), `mel.npy`, `energy.npy`, `tokens.npz`,
`audio.json` (the sample rate, the frame clock and the mel, which every later stage compares with its
model's) and `index.json`. Clips follow each other, each a whole number of frames. `--speeds` adds copies
played faster or slower, `--warps` copies with another pitch and vocal tract; both count as other speakers.
Clips whose durations the manifest gives are not trimmed. `left_out.tsv` names what cannot be used, with the
reason. A run that was stopped continues.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from tqdm import tqdm

from muspeaker.sound.files import whole_file, write_whole
from muspeaker.sound.samples import from_int16, to_int16
from muspeaker.train.corpus.cache import (
    INDEX,
    SIZES,
    Cache,
    Clip,
    mel_and_energy,
    write_left_out,
    write_sizes,
)
from muspeaker.train.corpus.clip import prepare_clip
from muspeaker.train.corpus.corpora import read_corpus
from muspeaker.train.corpus.leveling import Variant
from muspeaker.train.corpus.manifest import CorpusClip, read_sources, with_notes, without_texts
from muspeaker.train.corpus.phones import save_tokens, token_ids
from muspeaker.train.loop.options import ModelOptions, argument, model_config, option, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from muspeaker.config import AudioConfig, ModelConfig


log = logging.getLogger(__name__)
PART_CLIPS = 64
ARRAYS = ("audio", "f0", "mel", "energy")
DERIVED = ("alignment.npz", "realigned.npz", "fbank.npy", "fbank_map.npy", "timbres.npy", "ge2e.npy",
           "ge2e.partial.npy", "target_space.npz", "targets.npy", "pairs_mel.npy", "predicted_mel.npy", "tokens.npz")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PrepareOptions(ModelOptions):
    """The command line of the stage."""

    corpora: tuple[Path, ...] = argument("manifests (tsv), or folders of corpora")
    out: Path = option(Path("runs/corpus"), "folder of the prepared corpus")
    layout: Literal[
        "auto", "manifest", "ljspeech", "vctk", "libritts", "librispeech", "commonvoice", "aishell3"
    ] = option("auto", "layout of the corpora")
    sources: Path | None = option(
        None, "tsv of source, weight, bandwidth and certain, which goes before the manifests"
    )
    held_out: Path | None = option(None, "tsv whose texts must not be trained on")
    speeds: tuple[float, ...] = option((1.0,), "copies, played at these speeds")
    warps: tuple[str, ...] = option((), "copies by WORLD, as PITCH:FORMANTS, such as 1.25:1.1")
    trim: bool = option(default=True, text="cut silence at both ends")
    workers: int = option(max(1, os.cpu_count() or 1), "processes")
    force: bool = option(default=False, text="replace another corpus that is in the folder")


@dataclass(frozen=True)
class Part:
    """Some clips of one variant, and the file that they go to."""

    path: Path
    variant: Variant
    clips: Sequence[CorpusClip]
    audio: AudioConfig


def prepare_part(part: Part) -> Path:
    """Write the clips of a part to its file, with the reasons for those that are left out."""
    torch.set_num_threads(1)
    variant, audio = part.variant, part.audio
    index: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    arrays: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ARRAYS}
    for clip in part.clips:
        trim = variant.trim and not clip.durations  # which count from the recording's beginning
        made = prepare_clip(clip.path, replace(variant, trim=trim), audio)
        if isinstance(made, str):
            left_out[clip.id + variant.suffix] = made
            continue
        index.append(asdict(_entry(clip, variant, audio, len(made.f0))))
        stored = to_int16(made.samples)
        mel, energy = mel_and_energy(from_int16(stored), audio)
        arrays["audio"].append(stored)
        arrays["f0"].append(made.f0)
        arrays["mel"].append(mel)
        arrays["energy"].append(energy)
    label = json.dumps({"index": index, "left_out": left_out})
    joined: dict[str, Any] = {name: np.concatenate(v) for name, v in arrays.items() if v}
    with whole_file(part.path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, label=np.array(label), **joined)
    return part.path


def _entry(clip: CorpusClip, variant: Variant, audio: AudioConfig, frames: int) -> Clip:
    """What the index says of a prepared clip; its first frame is not known yet."""
    rate_hz = clip.rate_hz or soundfile.info(clip.path).samplerate
    band_hz = (clip.band_hz or rate_hz / 2) * variant.speed
    return Clip(
        id=clip.id + variant.suffix, source=clip.source, speaker=clip.speaker + variant.suffix,
        gender=clip.gender, text=clip.text, band_hz=min(audio.sample_rate / 2, band_hz),
        speed=variant.speed, first_frame=0, frames=frames, language=clip.language,
        warp=variant.warp, weight=clip.weight, certain=clip.certain, phones=clip.phones,
        durations=clip.durations,
    )  # fmt: skip


def prepare(
    clips: Sequence[CorpusClip],
    folder: Path,
    variants: Iterable[Variant],
    workers: int,
    audio: AudioConfig,
) -> None:
    """Write the corpus of `clips` in each variant; continues where an equal run stopped.

    Args:
        clips: The recordings.
        folder: Gets the prepared corpus.
        variants: How copies of all clips differ.
        workers: Processes.
        audio: The frame clock and the mel.

    Raises:
        ValueError: If not one clip can be used.
    """
    variants = list(variants)
    unfinished = folder / "parts"
    wanted = "".join(repr([asdict(item) for item in items]) for items in (variants, clips, [audio]))
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    label = unfinished / "job.txt"
    if not (label.exists() and label.read_text(encoding="utf-8") == digest):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        label.write_text(digest, encoding="utf-8")
    parts: list[Part] = []
    for variant in variants:
        for first in range(0, len(clips), PART_CLIPS):
            some = clips[first : first + PART_CLIPS]
            parts.append(Part(unfinished / f"{len(parts):06}.npz", variant, some, audio))
    _run([part for part in parts if not part.path.exists()], len(parts), workers)
    _join([part.path for part in parts], folder, audio)
    shutil.rmtree(unfinished)


def _run(parts: list[Part], total: int, workers: int) -> None:
    done = total - len(parts)
    bar = partial(tqdm, desc=f"parts of {PART_CLIPS} clips", total=total, initial=done)
    if workers <= 1:
        for part in bar(parts):
            prepare_part(part)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for _ in bar(pool.map(prepare_part, parts)):
            pass


def _join(parts: list[Path], folder: Path, audio: AudioConfig) -> None:
    """Concatenate the parts, without holding more than one in memory."""
    index: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for path in parts:
        with np.load(path) as stored:
            label = json.loads(str(stored["label"]))
        index += label["index"]
        left_out |= label["left_out"]
    write_left_out(folder / "left_out.tsv", left_out)
    if not index:
        raise ValueError(f"no clip can be used; {folder / 'left_out.tsv'} has the reasons")
    frames = sum(clip["frames"] for clip in index)
    shapes: dict[str, tuple[int, ...]] = {"f0": (frames,), "energy": (frames,)}
    shapes |= {"audio": (frames * audio.hop_samples,), "mel": (frames, audio.num_mels)}
    kinds = {"audio": np.int16, "f0": np.float32, "energy": np.float16, "mel": np.float16}
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kinds[name], shapes[name])
        for name in ARRAYS
    }
    ends = dict.fromkeys(ARRAYS, 0)
    for path in tqdm(parts, "join", mininterval=10):
        with np.load(path) as stored:
            for name in set(ARRAYS) & set(stored.files):
                values = stored[name]
                arrays[name][ends[name] : ends[name] + len(values)] = values
                ends[name] += len(values)
    first_frame = 0
    for clip in index:
        clip["first_frame"] = first_frame
        first_frame += clip["frames"]
    write_sizes(folder, audio)
    write_whole(folder / INDEX, json.dumps(index).encode())
    hours = frames * audio.hop_samples / audio.sample_rate / 3600
    log.info("%d clips, %.2f hours", len(index), hours)


def transcribe(folder: Path, symbols: tuple[str, ...]) -> None:
    """Write the phones of every clip with a text, and name the clips that cannot be aligned."""
    cache = Cache(folder)
    ids, left_out = token_ids(cache, symbols)
    save_tokens(folder / "tokens.npz", ids)
    with (folder / "left_out.tsv").open("a", encoding="utf-8") as report:
        for name, reason in sorted(left_out.items()):
            report.write(f"{name}\tnot aligned: {reason}\n")
    if left_out:
        log.warning("%d clips have no phones, named in left_out.tsv", len(left_out))


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(PrepareOptions, arguments, "muspeaker-train prepare", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = config or model_config(options)
    if (options.out / INDEX).exists() and not options.force:
        raise FileExistsError(f"{options.out} holds a corpus already; --force replaces it")
    clips = [clip for path in options.corpora for clip in read_corpus(path, options.layout)]
    if options.sources:
        clips = with_notes(clips, read_sources(options.sources))
    if options.held_out:
        clips = without_texts(clips, options.held_out)
    variants = [Variant(speed, "", options.trim) for speed in options.speeds]
    variants += [Variant(1.0, warp, options.trim) for warp in options.warps]
    for name in (INDEX, SIZES, *DERIVED):
        (options.out / name).unlink(missing_ok=True)
    prepare(clips, options.out, variants, options.workers, config.audio)
    transcribe(options.out, config.symbols)


if __name__ == "__main__":
    main()
