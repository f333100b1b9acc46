"""Stage: predicted mels of the whole corpus, for fine-tuning the vocoder on what it will be given.

Durations, F0 and energy are the real ones, so the mels are frame-aligned with the recordings; e_mel is
drawn from the prior as in speaking. Clips that the alignment leaves out become NaN.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from muspeaker.config import ModelConfig, lite
from muspeaker.train.acoustic import acoustic_parts, decode, timbre_vectors
from muspeaker.train.acoustic_data import AcousticData
from muspeaker.train.cache import Cache
from muspeaker.train.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from muspeaker.model.muspeaker import MuSpeaker

TEMPERATURE = 0.667
BATCH = 12


@torch.no_grad()
def predict(model: MuSpeaker, data: AcousticData, cache: Cache, path: Path, share: float) -> None:
    """Write (frames, mels) float16 of all clips of the cache; `share` of the clips are done."""
    mel = np.full(cache.mel.shape, np.nan, np.float16)
    random = np.random.default_rng(0)
    numbers = [i for i in sorted(data.items) if random.random() < share]
    numbers.sort(key=lambda i: cache.clips[i].frames)
    groups = [numbers[at : at + BATCH] for at in range(0, len(numbers), BATCH)]
    for group in tqdm(groups, "predict", mininterval=10):
        batch = data.collate(group)
        phones, stresses, boundaries = batch["tokens"].unbind(1)
        mask = batch["token_mask"]
        with torch.autocast("cpu", torch.bfloat16):
            e_ling = model.linguistic_encoder(phones, stresses, boundaries, mask)
            noise = torch.randn(*phones.shape, model.config.mel_encoder.latent) * TEMPERATURE
            e_mel = model.vp_flow.inverse(noise, e_ling, mask)
            predicted, _ = decode(model, e_ling + model.fusion(e_mel), batch)
        for i, rows in zip(group, predicted.float().numpy(), strict=True):
            clip = cache.clips[i]
            mel[clip.span] = rows[:, : clip.frames].T
    partial = path.with_suffix(".partial.npy")
    np.save(partial, mel)
    partial.replace(path)


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--timbre", type=Path, default=Path("runs/timbre/timbre.pt"))
    parser.add_argument("--acoustic", type=Path, default=Path("runs/acoustic/acoustic.pt"))
    parser.add_argument("--share", type=float, default=1.0, help="of the clips")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    cache, config = Cache(options.corpus), config or lite()
    model = acoustic_parts(config).eval()
    model.load_state_dict(load_checkpoint(options.acoustic)["ema"])
    timbres = timbre_vectors(cache, options.timbre, config)
    data = AcousticData(cache, timbres, config.variation_adapter, 0)
    predict(model, data, cache, options.corpus / "predicted_mel.npy", options.share)


if __name__ == "__main__":
    main()
