"""Stage: speak real recordings again from their own mel and F0: the ceiling that the vocoder sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
import torch

from muspeaker.train.corpus.clip import PreparedClip, prepare_clip
from muspeaker.train.corpus.leveling import Variant
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.train.loop.options import argument, option, parse
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.mel_correction import correct_levels
from muspeaker.twin.model.vocoder import Vocoder, make_vocoder

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class ResynthesizeOptions:
    """The command line."""

    audio: tuple[Path, ...] = argument("recordings")
    vocoder: Path = option(Path("runs/vocoder/vocoder.pt"), "checkpoint of the vocoder")
    out: Path = option(Path("runs/resynthesized"), "folder for the results")


@torch.no_grad()
def resynthesize(
    vocoder: Vocoder, config: ModelConfig, clip: PreparedClip, seed: int
) -> torch.Tensor:
    """(samples,) float32 from the clip's own mel and F0, moved to that mel as in speaking."""
    mel = log_mel(torch.from_numpy(clip.samples).unsqueeze(0), config.audio)
    f0 = torch.from_numpy(clip.f0).unsqueeze(0)
    phase = vocoder.integrate_phase(f0)
    noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(seed))
    with torch.autocast("cpu", torch.bfloat16):
        samples: torch.Tensor = vocoder(mel, f0, phase, noise)
    return correct_levels(samples.float(), mel, config.vocoder, config.audio)[0]


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    options = parse(ResynthesizeOptions, arguments, "muspeaker-train resynthesize", __doc__)
    torch.set_num_threads(1)
    state = load_checkpoint(options.vocoder)
    config = config_of(state)
    vocoder = make_vocoder(config.vocoder, config.audio).eval()
    vocoder.load_state_dict(state["ema"])
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.audio:
        clip = prepare_clip(path, Variant(trim=False), config.audio)
        if isinstance(clip, str):
            raise ValueError(f"{path}: {clip}")  # noqa: TRY004  (a reason, not a wrong type)
        samples = resynthesize(vocoder, config, clip, 0).numpy()
        soundfile.write(options.out / f"{path.stem}.wav", samples, config.audio.sample_rate)


if __name__ == "__main__":
    main()
