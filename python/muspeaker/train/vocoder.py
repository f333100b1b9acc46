"""Stage: the NSF-HiFiGAN vocoder, on real mels and then on predicted ones.

Runs for a budget of minutes with a learning rate that fits it; resumes from its checkpoint. The
discriminators join after `--spectral-minutes`, and can be left out.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from muspeaker.config import AudioConfig, ModelConfig, lite
from muspeaker.model.harmonic_source import integrate_phase
from muspeaker.model.vocoder import Vocoder
from muspeaker.train.cache import Cache
from muspeaker.train.checkpoint import (
    Clock,
    Ema,
    load_checkpoint,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)
from muspeaker.train.discriminators import VocoderDiscriminator
from muspeaker.train.vocoder_losses import (
    WEIGHTS,
    adversarial_loss,
    discriminator_loss,
    feature_loss,
    limit_band,
    spectral_losses,
)

log = logging.getLogger(__name__)
AUDIO = AudioConfig()
FULL_BAND_SHARE = 2.0
GRADIENT_NORM = 10.0


class Segments:
    """Random cuts of the corpus for the vocoder.

    Args:
        cache: The prepared corpus.
        frames: Length of a cut.
        mel: (frames, mels) to be spoken from; the real mels unless given.
        seed: Of the sampling.
    """

    def __init__(self, cache: Cache, frames: int, mel: np.ndarray | None, seed: int) -> None:
        self._cache = cache
        self._frames = frames
        self._mel = cache.mel if mel is None else mel
        self._random = np.random.default_rng(seed)
        usable = [c for c in cache.clips if c.frames >= frames]
        if mel is not None:
            usable = [c for c in usable if np.isfinite(mel[c.first_frame, 0])]
        weights = np.array(
            [c.frames * (FULL_BAND_SHARE if c.band_hz > 9000 else 1.0) for c in usable], float
        )
        self._usable = usable
        self._weights = weights / weights.sum()

    def batch(self, size: int) -> dict[str, torch.Tensor]:
        """Draw `size` cuts: samples, mel, f0, phase, noise, band_hz."""
        hop = AUDIO.hop_samples
        picks = self._random.choice(len(self._usable), size, p=self._weights)
        samples, mel, f0, band = [], [], [], []
        for pick in picks:
            clip = self._usable[pick]
            start = clip.first_frame + self._random.integers(clip.frames - self._frames + 1)
            stop = start + self._frames
            samples.append(self._cache.audio[start * hop : stop * hop].astype(np.float32) / 32767)
            mel.append(self._mel[start:stop].astype(np.float32).T)
            f0.append(self._cache.f0[start:stop])
            band.append(clip.band_hz)
        f0_batch = torch.from_numpy(np.stack(f0))
        phase = integrate_phase(f0_batch, AUDIO)
        offset = torch.from_numpy(self._random.random((size, 1), dtype=np.float32))
        return {
            "samples": torch.from_numpy(np.stack(samples)),
            "mel": torch.from_numpy(np.stack(mel)),
            "f0": f0_batch,
            "phase": (phase + offset).remainder(1.0),
            "noise": torch.from_numpy(self._random.standard_normal(phase.shape, dtype=np.float32)),
            "band_hz": torch.tensor(band),
        }


class VocoderTrainer:
    """Generator, discriminators and their optimizers.

    Args:
        config: Sizes of the model.
        options: The command line.
    """

    def __init__(self, config: ModelConfig, options: argparse.Namespace) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.generator = Vocoder(config.vocoder, config.audio).to(self.device)
        self.discriminator = VocoderDiscriminator(
            options.period_width, options.resolution_width
        ).to(self.device)
        self.ema = Ema(self.generator)
        self.optimizer_g = torch.optim.AdamW(
            self.generator.parameters(), options.rate, betas=(0.8, 0.99)
        )
        self.optimizer_d = torch.optim.AdamW(
            self.discriminator.parameters(), options.rate_d, betas=(0.8, 0.99)
        )
        self.step = 0

    def state(self) -> dict[str, object]:
        """Everything that a resumed run needs."""
        return {
            "step": self.step,
            "generator": self.generator.state_dict(),
            "ema": self.ema.module.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimizer_g": self.optimizer_g.state_dict(),
            "optimizer_d": self.optimizer_d.state_dict(),
        }

    def resume(self, path: Path) -> None:
        """Load the state that `state` gave."""
        state = load_checkpoint(path)
        self.step = state["step"]
        self.generator.load_state_dict(state["generator"])
        self.ema.module.load_state_dict(state["ema"])
        self.discriminator.load_state_dict(state["discriminator"])
        load_optimizer(self.optimizer_g, state.get("optimizer_g"))
        load_optimizer(self.optimizer_d, state.get("optimizer_d"))

    def train_step(self, batch: dict[str, torch.Tensor], *, adversarial: bool) -> dict[str, float]:
        """One step of the generator, and of the discriminators when `adversarial`."""
        batch = {name: value.to(self.device) for name, value in batch.items()}
        inputs = [
            batch[name].repeat(2, 1, 1) if name == "mel" else batch[name].repeat(2, 1)
            for name in ("mel", "f0", "phase")
        ]
        noise = torch.cat([batch["noise"], torch.randn_like(batch["noise"])])
        with torch.autocast(self.device.type, torch.bfloat16):
            fake = self.generator(*inputs, noise)
        shift = int(torch.randint(AUDIO.hop_samples, ()))  # no loss may hide behind the frame grid
        fake = limit_band(fake, batch["band_hz"].repeat(2))[:, shift:]
        real = limit_band(batch["samples"], batch["band_hz"])[:, shift:]
        pair = fake.tensor_split(2)
        fake = pair[0]
        logs = {}
        if adversarial:
            with torch.autocast(self.device.type, torch.bfloat16):
                loss_d = discriminator_loss(
                    self.discriminator(real), self.discriminator(fake.detach())
                )
            self._descend(self.optimizer_d, self.discriminator, loss_d)
            logs["discriminator"] = float(loss_d.detach())
        mel_loss, stft_loss, loud_loss = spectral_losses((pair[0], pair[1]), real)
        loss = WEIGHTS["mel"] * mel_loss + WEIGHTS["stft"] * stft_loss
        loss = loss + WEIGHTS["loud"] * loud_loss
        logs["loud"] = float(loud_loss.detach())
        if adversarial:
            self.discriminator.requires_grad_(requires_grad=False)
            with torch.autocast(self.device.type, torch.bfloat16):
                with torch.no_grad():
                    judged_real = self.discriminator(real)
                judged_fake = self.discriminator(fake)
            features = feature_loss(judged_real, judged_fake)
            fooled = adversarial_loss(judged_fake)
            loss = loss + WEIGHTS["features"] * features + WEIGHTS["adversarial"] * fooled
            self.discriminator.requires_grad_(requires_grad=True)
            logs |= {"features": float(features.detach()), "adversarial": float(fooled.detach())}
        self._descend(self.optimizer_g, self.generator, loss)
        self.ema.update(self.generator)
        self.step += 1
        return logs | {"mel": float(mel_loss.detach()), "stft": float(stft_loss.detach())}

    def _descend(
        self, optimizer: torch.optim.Optimizer, module: nn.Module, loss: torch.Tensor
    ) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(module.parameters(), GRADIENT_NORM)
        if torch.isfinite(norm):
            optimizer.step()


def train(trainer: VocoderTrainer, segments: Segments) -> None:
    """Spend the budget of minutes, saving every few of them."""
    options = trainer.options
    clock = Clock(options.minutes)
    path = options.out / "vocoder.pt"
    sums: dict[str, float] = {}
    mark, saved, count = time.monotonic(), time.monotonic(), 0
    while clock.progress < 1:
        set_learning_rate(trainer.optimizer_g, clock.learning_rate(options.rate, count))
        set_learning_rate(trainer.optimizer_d, clock.learning_rate(options.rate_d, count))
        adversarial = clock.progress * options.minutes >= options.spectral_minutes
        losses = trainer.train_step(segments.batch(options.batch), adversarial=adversarial)
        count += 1
        for name, value in losses.items():
            sums[name] = 0.98 * sums.get(name, value) + 0.02 * value
        if count % 50 == 0:
            pace, mark = (time.monotonic() - mark) / 50, time.monotonic()
            shown = " ".join(f"{name} {value:.3f}" for name, value in sums.items())
            log.info("step %d %.3f s/step %s", trainer.step, pace, shown)
        if time.monotonic() - saved > options.save_minutes * 60:
            save_checkpoint(path, trainer.state())
            saved = time.monotonic()
    save_checkpoint(path, trainer.state())


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--out", type=Path, default=Path("runs/vocoder"))
    parser.add_argument("--mel", type=Path, help="predicted mels to fine-tune on (.npy)")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--spectral-minutes", type=float, default=10)
    parser.add_argument("--save-minutes", type=float, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rate-d", type=float, default=5e-4)
    parser.add_argument("--period-width", type=int, default=8)
    parser.add_argument("--resolution-width", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    trainer = VocoderTrainer(config or lite(), options)
    if (options.out / "vocoder.pt").exists():
        trainer.resume(options.out / "vocoder.pt")
    mel = np.load(options.mel, mmap_mode="r") if options.mel else None
    seed = options.seed + trainer.step
    train(trainer, Segments(Cache(options.corpus), options.frames, mel, seed))


if __name__ == "__main__":
    main()
