"""Stage: decode, trim, level, pitch-track and transcribe a corpus once, into a few flat arrays.

The folder holds `audio.npy` (int16), `f0.npy` (Hz, 0 where unvoiced), `mel.npy`, `energy.npy`,
`tokens.npz` and `index.json`; clips lie behind each other, each a whole number of frames. `--speeds` adds
copies played faster or slower, `--warps` copies with another pitch and vocal tract: pseudo-speakers both.
What cannot be used is named with its reason in `left_out.tsv`. A run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from tqdm import tqdm

from muspeaker.config import AudioConfig
from muspeaker.train.corpus.cache import Cache, Clip, write_left_out
from muspeaker.train.corpus.clip import Variant, prepare_clip
from muspeaker.train.corpus.corpora import Utterance, read_corpus, without_texts
from muspeaker.train.corpus.phones import save_tokens, token_ids
from muspeaker.train.loop.options import argument, option, parse
from muspeaker.twin.dsp.mel import energy_from_magnitude, magnitude_spectrum, mel_from_magnitude

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


log = logging.getLogger(__name__)
AUDIO = AudioConfig()
PART_CLIPS = 64
ARRAYS = ("audio", "f0", "mel", "energy")
DERIVED = ("alignment.npz", "realigned.npz", "fbank.npy", "fbank_map.npy", "timbres.npy", "pairs_mel.npy",
           "predicted_mel.npy", "tokens.npz")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """The command line of the stage."""

    corpora: tuple[Path, ...] = argument("manifests (tsv), or folders of corpora")
    out: Path = option(Path("runs/corpus"), "folder of the prepared corpus")
    layout: Literal["auto", "manifest", "ljspeech", "vctk", "libritts", "aishell3"] = option(
        "auto", "of the corpora"
    )
    held_out: Path | None = option(None, "tsv whose texts must not be trained on")
    speeds: tuple[float, ...] = option((1.0,), "copies, played at these speeds")
    warps: tuple[str, ...] = option((), "copies by WORLD, as PITCH:FORMANTS, such as 1.25:1.1")
    trim: bool = option(default=True, text="cut silence at both ends")
    workers: int = option(max(1, os.cpu_count() or 1), "processes")
    force: bool = option(default=False, text="replace another corpus that is in the folder")


def prepare_part(job: tuple[Path, Variant, Sequence[Utterance]]) -> Path:
    """Write some clips of one variant to a file, with the reasons for those that are left out."""
    path, variant, utterances = job
    torch.set_num_threads(1)
    index: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    arrays: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ARRAYS}
    for utterance in utterances:
        clip = prepare_clip(utterance, variant)
        if isinstance(clip, str):
            left_out[utterance.id + variant.suffix] = clip
            continue
        rate_hz = utterance.rate_hz or soundfile.info(utterance.path).samplerate
        index.append(asdict(Clip(
            id=utterance.id + variant.suffix, source=utterance.source,
            speaker=utterance.speaker + variant.suffix, gender=utterance.gender,
            text=utterance.text, band_hz=min(AUDIO.sample_rate / 2, rate_hz / 2 * variant.speed),
            speed=variant.speed, first_frame=0, frames=len(clip.f0),
            language=utterance.language, warp=variant.warp,
        )))  # fmt: skip
        stored = (clip.samples * 32767).astype(np.int16)
        heard = torch.from_numpy(stored.astype(np.float32) / 32767).unsqueeze(0)
        magnitude = magnitude_spectrum(heard)
        arrays["audio"].append(stored)
        arrays["f0"].append(clip.f0)
        arrays["mel"].append(mel_from_magnitude(magnitude)[0].T.numpy().astype(np.float16))
        arrays["energy"].append(energy_from_magnitude(magnitude)[0].numpy().astype(np.float16))
    label = json.dumps({"index": index, "left_out": left_out})
    joined: dict[str, Any] = {name: np.concatenate(v) for name, v in arrays.items() if v}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, label=np.array(label), **joined)
    partial.replace(path)
    return path


def prepare(
    utterances: Sequence[Utterance], folder: Path, variants: Iterable[Variant], workers: int
) -> None:
    """Write the corpus of `utterances` in each variant; goes on where an equal run stopped.

    Raises:
        ValueError: If not one clip can be used.
    """
    variants = list(variants)
    parts = folder / "parts"
    wanted = repr([asdict(v) for v in variants]) + repr([asdict(u) for u in utterances])
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    label = parts / "job.txt"
    if not (label.exists() and label.read_text(encoding="utf-8") == digest):
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True)
        label.write_text(digest, encoding="utf-8")
    jobs: list[tuple[Path, Variant, Sequence[Utterance]]] = []
    for variant in variants:
        for first in range(0, len(utterances), PART_CLIPS):
            some = utterances[first : first + PART_CLIPS]
            jobs.append((parts / f"{len(jobs):06}.npz", variant, some))
    _run([job for job in jobs if not job[0].exists()], len(jobs), workers)
    _join([path for path, _, _ in jobs], folder)
    shutil.rmtree(parts)


def _run(jobs: list[tuple[Path, Variant, Sequence[Utterance]]], total: int, workers: int) -> None:
    bar = partial(tqdm, desc=f"parts of {PART_CLIPS} clips", total=total, initial=total - len(jobs))
    if workers <= 1:
        for job in bar(jobs):
            prepare_part(job)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for _ in bar(pool.map(prepare_part, jobs)):
            pass


def _join(parts: list[Path], folder: Path) -> None:
    """Put the parts behind each other, without holding more than one in memory."""
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
    shapes |= {"audio": (frames * AUDIO.hop_samples,), "mel": (frames, AUDIO.num_mels)}
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
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    hours = frames * AUDIO.hop_samples / AUDIO.sample_rate / 3600
    log.info("%d clips, %.2f hours", len(index), hours)


def transcribe(folder: Path) -> None:
    """Write the phones of every clip with a text, and name the clips that cannot be aligned."""
    cache = Cache(folder)
    ids, left_out = token_ids(cache)
    save_tokens(folder / "tokens.npz", ids)
    with (folder / "left_out.tsv").open("a", encoding="utf-8") as report:
        for name, reason in sorted(left_out.items()):
            report.write(f"{name}\tnot aligned: {reason}\n")
    if left_out:
        log.warning("%d clips have no phones, named in left_out.tsv", len(left_out))


def main(arguments: list[str] | None = None) -> None:
    """Command line of the stage."""
    options = parse(PrepareOptions, arguments, "muspeaker-train prepare", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    made = options.out / "index.json"
    if made.exists() and not options.force:
        raise FileExistsError(f"{options.out} holds a corpus already; --force replaces it")
    utterances = [u for path in options.corpora for u in read_corpus(path, options.layout)]
    if options.held_out:
        utterances = without_texts(utterances, options.held_out)
    variants = [Variant(speed, "", options.trim) for speed in options.speeds]
    variants += [Variant(1.0, warp, options.trim) for warp in options.warps]
    for name in (made.name, *DERIVED):
        (options.out / name).unlink(missing_ok=True)
    prepare(utterances, options.out, variants, options.workers)
    transcribe(options.out)


if __name__ == "__main__":
    main()
