"""Speak real recordings again from their own mel and F0: the ceiling that the vocoder sets."""

from __future__ import annotations

import argparse
from pathlib import Path

import soundfile
import torch

from muspeaker.config import lite
from muspeaker.model.features import log_mel
from muspeaker.model.harmonic_source import integrate_phase
from muspeaker.model.vocoder import Vocoder
from muspeaker.train.checkpoint import load_checkpoint
from muspeaker.train.corpora import Utterance
from muspeaker.train.prepare import PreparedClip, prepare_clip


@torch.no_grad()
def resynthesize(vocoder: Vocoder, clip: PreparedClip, seed: int) -> torch.Tensor:
    """(samples,) float32 from the clip's own mel and F0."""
    mel = log_mel(torch.from_numpy(clip.samples).unsqueeze(0))
    f0 = torch.from_numpy(clip.f0).unsqueeze(0)
    phase = integrate_phase(f0, lite().audio)
    noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(seed))
    with torch.autocast("cpu", torch.bfloat16):
        samples: torch.Tensor = vocoder(mel, f0, phase, noise)
    return samples[0].float()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audio", type=Path, nargs="+", help="recordings")
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/vocoder.pt"))
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = lite()
    vocoder = Vocoder(config.vocoder, config.audio).eval()
    vocoder.load_state_dict(load_checkpoint(options.vocoder)["ema"])
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.audio:
        clip = prepare_clip(Utterance(path.stem, "", "", "", "", 0, path, ""), 1.0)
        if isinstance(clip, str):
            raise SystemExit(f"{path}: {clip}")
        samples = resynthesize(vocoder, clip, 0).numpy()
        soundfile.write(options.out / f"{path.stem}.wav", samples, config.audio.sample_rate)


if __name__ == "__main__":
    main()
