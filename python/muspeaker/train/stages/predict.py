"""Stage: predicted mels of the whole corpus, for fine-tuning the vocoder on what it will be given.

Durations, F0 and energy are the real ones, so the mels are frame-aligned with the recordings; e_mel is
drawn from the prior as in speaking. Clips that the alignment leaves out become NaN.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from muspeaker.train.acoustic_pass import decode, encode_prior
from muspeaker.train.corpus.acoustic_data import PROMPT_FRAMES, AcousticData
from muspeaker.train.corpus.cache import Cache, write_array
from muspeaker.train.corpus.timbres import timbre_vectors
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.train.loop.distributed import start
from muspeaker.train.loop.options import argument, option, parse
from muspeaker.twin.dsp.mel_moments import match_moments
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig

BATCH = 12
MELS = "predicted_mel.npy"


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """The command line of the stage."""

    corpus: Path = argument("folder written by `muspeaker-train prepare`")
    timbre: Path = option(Path("runs/timbre/timbre.pt"), "checkpoint of the timbre encoder")
    acoustic: Path = option(
        Path("runs/teacher/teacher.pt"), "checkpoint of the teacher or the student"
    )
    share: float = option(1.0, "share of the clips that are spoken")
    temperature: float = option(0.667, "temperature of the content that is drawn")
    threads: int = option(1, "threads of the CPU")
    seed: int = option(0, "seed of prompts and content")


@torch.no_grad()
def predict(model: MuSpeaker, data: AcousticData, cache: Cache, options: PredictOptions) -> Path:
    """Write (frames, mels) float16 of all clips of the cache; returns the file."""
    mel = np.full(cache.mel.shape, np.nan, np.float16)
    random = np.random.default_rng(options.seed)
    device = next(model.parameters()).device
    numbers = [i for i in sorted(data.items) if random.random() < options.share]
    numbers.sort(key=lambda i: cache.clips[i].frames)
    groups = [numbers[at : at + BATCH] for at in range(0, len(numbers), BATCH)]
    for group in tqdm(groups, "predict", mininterval=10):
        batch = data.batch_of(group, slice(None))
        prompts = [data.prompt_of(i, random) for i in group]
        places = random.random(len(group)).tolist()
        lengths = [PROMPT_FRAMES[1]] * len(group)
        batch |= data.prompts_of(prompts, lengths, places, slice(None))
        shape = (len(group), batch["tokens"].shape[2], model.config.mel_encoder.latent)
        batch["noise"] = torch.from_numpy(random.standard_normal(shape, dtype=np.float32))
        batch = {name: value.to(device) for name, value in batch.items()}
        with torch.autocast(device.type, torch.bfloat16):
            predicted, _ = decode(model, encode_prior(model, batch, options.temperature), batch)
        for i, row, timbre in zip(group, predicted.float(), batch["timbre"], strict=True):
            clip = cache.clips[i]
            spoken = row[:, : clip.frames].unsqueeze(0)  # (1, mels, frames)
            if model.config.mel_decoder.prompt_moments > 0:  # also where speaking goes by a map
                moments = timbre[model.config.timbre_encoder.embedding :]
                spoken = match_moments(spoken, moments.unsqueeze(0))
            mel[clip.span] = spoken[0].T.cpu().numpy()
    path = cache.folder / MELS
    write_array(path, mel)
    return path


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the checkpoint's sizes."""
    options = parse(PredictOptions, arguments, "muspeaker-train predict", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    state = load_checkpoint(options.acoustic)
    config = config or config_of(state)
    cache = Cache(options.corpus, config.audio)
    model = MuSpeaker(config, acoustic_only=True).eval().to(start())
    model.load_state_dict(state["ema"])
    timbres = timbre_vectors(cache, options.timbre, config)
    data = AcousticData(cache, timbres, config, 0, options.seed)
    predict(model, data, cache, options)


if __name__ == "__main__":
    main()
