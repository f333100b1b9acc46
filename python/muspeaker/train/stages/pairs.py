"""Stage: parallel speech by the teacher, each clip's text on its own durations in another voice.

Durations are the target's, so a pair is frame-aligned with its target; pitch, voicing and energy are what
the teacher predicts for the other voice, and content is drawn from the prior as in speaking.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from muspeaker.train.acoustic_pass import decode, encode_prior, predict_contours
from muspeaker.train.corpus.acoustic_data import PROMPT_FRAMES, AcousticData
from muspeaker.train.corpus.cache import PAIRS, Cache
from muspeaker.train.corpus.timbres import timbre_vectors
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.train.loop.distributed import start
from muspeaker.train.loop.options import argument, option, parse
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muspeaker.config import ModelConfig

log = logging.getLogger(__name__)
BATCH = 12


@dataclass(frozen=True, kw_only=True)
class PairsOptions:
    """The command line of the stage."""

    corpus: Path = argument("folder written by `muspeaker-train prepare`")
    timbre: Path = option(Path("runs/timbre/timbre.pt"), "checkpoint of the timbre encoder")
    teacher: Path = option(Path("runs/teacher/teacher.pt"), "checkpoint of the teacher")
    out: Path | None = option(None, f"where the mels go (default: {PAIRS} of the corpus)")
    share: float = option(1.0, "share of the clips that get a pair")
    temperature: float = option(0.667, "temperature of the content that is drawn")
    batch: int = option(BATCH, "clips in a batch")
    ray: int = option(0, "Ray actors that share the work; 0: this process alone")
    threads: int = option(1, "threads of the CPU for each process")
    seed: int = option(0, "seed of voices and content")


class PairMaker:
    """Speaks clips again in other voices; one in each process that shares the work.

    Args:
        options: The command line.
        config: Sizes of the model; those of the teacher's checkpoint unless given.
    """

    def __init__(self, options: PairsOptions, config: ModelConfig | None = None) -> None:
        torch.set_num_threads(options.threads)
        self._options = options
        state = load_checkpoint(options.teacher)
        config = config or config_of(state)
        self._device = start()
        self._latent = config.mel_encoder.latent
        self._model = MuSpeaker(config, acoustic_only=True).eval().to(self._device)
        self._model.load_state_dict(state["ema"])
        self.cache = Cache(options.corpus, config.audio)
        timbres = timbre_vectors(self.cache, options.timbre, config)
        self.data = AcousticData(self.cache, timbres, config, 0, options.seed)

    def numbers(self) -> list[int]:
        """The clips that get a pair, short ones first, so that batches are of similar lengths."""
        random = np.random.default_rng(self._options.seed)
        items = sorted(self.data.items)
        kept = [i for i, draw in zip(items, random.random(len(items)), strict=True)
                if draw < self._options.share]  # fmt: skip
        return sorted(kept, key=lambda i: self.cache.clips[i].frames)

    @torch.no_grad()
    def speak(self, numbers: list[int]) -> list[npt.NDArray[np.float16]]:
        """Mels (frames, mels) of some clips, each as long as its clip.

        Voice and content of a clip depend on the seed and its number, not on the batch it is in.
        """
        draws = [np.random.default_rng((self._options.seed, i)) for i in numbers]
        voices = [self.data.other_voice(i, r) for i, r in zip(numbers, draws, strict=True)]
        batch = self.data.batch_of(numbers, slice(None))
        batch |= self.data.prompts_of(
            voices, [PROMPT_FRAMES[1]] * len(numbers), [0.5] * len(numbers), slice(None)
        )
        tokens = batch["tokens"].shape[2]
        noise = np.zeros((len(numbers), tokens, self._latent), np.float32)
        for row, (i, random) in enumerate(zip(numbers, draws, strict=True)):
            count = len(self.data.items[i][1])
            noise[row, :count] = random.standard_normal((count, self._latent), dtype=np.float32)
        batch["noise"] = torch.from_numpy(noise)
        batch = {name: value.to(self._device) for name, value in batch.items()}
        with torch.autocast(self._device.type, torch.bfloat16):
            e_con = encode_prior(self._model, batch, self._options.temperature)
            batch["f0"], batch["energy"] = predict_contours(self._model, e_con, batch)
            mels, _ = decode(self._model, e_con, batch)
        rows = mels.float().cpu().numpy()
        return [
            row[:, : self.cache.clips[i].frames].T.astype(np.float16)
            for i, row in zip(numbers, rows, strict=True)
        ]

    def __call__(self, rows: dict[str, npt.NDArray[np.int64]]) -> dict[str, list[Any]]:
        """The same for Ray: a column of clip numbers in, with a column of the mels' bytes out."""
        numbers = rows["number"].tolist()
        return {"number": numbers, "mel": [mel.tobytes() for mel in self.speak(numbers)]}


def spoken(
    maker: PairMaker, numbers: list[int], options: PairsOptions, config: ModelConfig | None
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """Clip numbers and their mels (frames, mels), in this process or from Ray's actors."""
    if options.ray:
        yield from spoken_by_actors(maker, numbers, options, config)
        return
    for at in range(0, len(numbers), options.batch):
        group = numbers[at : at + options.batch]
        yield from zip(group, maker.speak(group), strict=True)


def make_pairs(options: PairsOptions, config: ModelConfig | None = None) -> Path:
    """Write the mels of all pairs, laid out as the cache's; continues where an equal run stopped.

    Returns:
        The file, (frames, mels) float16, NaN where a clip has no pair.
    """
    maker = PairMaker(options, config)
    cache = maker.cache
    path = options.out or options.corpus / PAIRS
    partial, label = path.with_suffix(".partial.npy"), path.with_suffix(".partial.json")
    stamp = options.teacher.stat().st_mtime_ns
    made_with = json.dumps(asdict(options) | {"stamp": stamp}, default=str, sort_keys=True)
    if not (partial.exists() and label.exists() and label.read_text() == made_with):
        np.lib.format.open_memmap(partial, "w+", np.float16, cache.mel.shape)[:] = np.nan
        label.write_text(made_with)
    mels = np.lib.format.open_memmap(partial, "r+")
    numbers = [i for i in maker.numbers() if np.isnan(mels[cache.clips[i].first_frame, 0])]
    found = spoken(maker, numbers, options, config)
    for i, mel in _progress(found, len(numbers)):
        mels[cache.clips[i].span] = mel
    mels.flush()
    partial.replace(path)
    label.unlink()
    log.info("%d pairs in %s", len(maker.numbers()), path)
    return path


def _progress(
    found: Iterable[tuple[int, npt.NDArray[np.float16]]], count: int
) -> Iterable[tuple[int, npt.NDArray[np.float16]]]:
    bar: Iterable[tuple[int, npt.NDArray[np.float16]]] = tqdm(
        found, "pairs", total=count, mininterval=10
    )
    return bar


def spoken_by_actors(
    maker: PairMaker, numbers: list[int], options: PairsOptions, config: ModelConfig | None
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """Clip numbers and their mels (frames, mels), as they come; paths must hold on every machine.

    Raises:
        ModuleNotFoundError: If Ray is not installed.
    """
    import ray.data  # noqa: PLC0415 (the extra `ray`)

    bands = maker.cache.mel.shape[1]
    batches = ray.data.from_items([{"number": i} for i in numbers]).map_batches(
        PairMaker,
        fn_constructor_args=(options, config),
        batch_size=options.batch,
        concurrency=options.ray,
        num_gpus=1 if torch.cuda.is_available() else 0,
    )
    for row in batches.iter_rows():
        yield int(row["number"]), np.frombuffer(row["mel"], np.float16).reshape(-1, bands)


@contextmanager
def local(cpus: int) -> Iterator[None]:
    """A Ray of this machine alone, with so many CPUs, for as long as the context lasts."""
    import ray  # noqa: PLC0415 (an extra)

    ray.init(num_cpus=cpus, include_dashboard=False, logging_level=logging.WARNING)
    try:
        yield
    finally:
        ray.shutdown()


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the teacher's sizes."""
    options = parse(PairsOptions, arguments, "muspeaker-train pairs", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    make_pairs(options, config)


if __name__ == "__main__":
    main()
