"""Stage: the acoustic model, everything between phones and mel, with real prompts and targets.

This is stage 1 of the paper (the teacher). Needs the alignment and a trained timbre encoder.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from tqdm import tqdm

from muspeaker.config import ModelConfig, lite
from muspeaker.model.features import remove_time_mean
from muspeaker.model.length_regulator import make_path
from muspeaker.model.muspeaker import MuSpeaker, scale_timbre
from muspeaker.model.timbre_encoder import TimbreEncoder
from muspeaker.train.acoustic_data import AcousticData
from muspeaker.train.acoustic_losses import (
    WEIGHTS,
    duration_loss,
    energy_loss,
    kl_loss,
    loud_loss,
    mel_loss,
    moments_loss,
    pitch_losses,
)
from muspeaker.train.cache import Cache
from muspeaker.train.checkpoint import (
    Clock,
    Ema,
    load_checkpoint,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)
from muspeaker.train.discriminators import MelDiscriminator
from muspeaker.train.muon import Muon
from muspeaker.train.timbre import Fbanks
from muspeaker.train.vocoder_losses import adversarial_loss, discriminator_loss, feature_loss

log = logging.getLogger(__name__)
FROZEN = ("timbre_encoder", "vocoder")
TIMBRE_FRAMES = 160
TIMBRE_BATCH = 32
PATCH_FRAMES = 96


@torch.no_grad()
def timbre_vectors(
    cache: Cache, encoder_path: Path, config: ModelConfig
) -> npt.NDArray[np.float32]:
    """(clips, embedding) float32 from the middle 1.6 s of every clip, kept on disk."""
    path = cache.folder / "timbres.npy"
    if path.exists():
        return np.asarray(np.load(path))
    encoder = TimbreEncoder(config.timbre_encoder).eval()
    encoder.load_state_dict(load_checkpoint(encoder_path)["ema"])
    fbanks = Fbanks(cache)
    vectors = np.empty((len(cache.clips), config.timbre_encoder.embedding), np.float32)
    for first in tqdm(range(0, len(vectors), TIMBRE_BATCH), "timbre vectors", mininterval=20):
        batch = range(first, min(first + TIMBRE_BATCH, len(vectors)))
        rows = torch.from_numpy(np.stack([middle(fbanks.clip(i)) for i in batch]))
        with torch.autocast("cpu", torch.bfloat16):
            timbre = encoder(remove_time_mean(rows))
        vectors[first : first + len(batch)] = scale_timbre(timbre.float()).numpy()
    np.save(path, vectors)
    return vectors


def middle(fbank: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The middle TIMBRE_FRAMES of (frames, fbanks), repeated if there are fewer."""
    if len(fbank) < TIMBRE_FRAMES:
        fbank = np.tile(fbank, (-(-TIMBRE_FRAMES // len(fbank)), 1))
    start = (len(fbank) - TIMBRE_FRAMES) // 2
    return fbank[start : start + TIMBRE_FRAMES]


class AcousticTrainer:
    """The network, its mel discriminator and their optimizers.

    Args:
        config: Sizes of the model.
        options: The command line.
    """

    def __init__(self, config: ModelConfig, options: argparse.Namespace) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = acoustic_parts(config).to(self.device)
        self.discriminator = MelDiscriminator().to(self.device)
        self.ema = Ema(self.model)
        self.optimizer = Muon(self.model, options.rate)
        self.optimizer_d = torch.optim.AdamW(
            self.discriminator.parameters(), options.rate_d, betas=(0.5, 0.9)
        )
        self.step = 0

    def state(self) -> dict[str, object]:
        """Everything that a resumed run needs."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "ema": self.ema.module.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "optimizer_d": self.optimizer_d.state_dict(),
        }

    def resume(self, path: Path) -> None:
        """Load the state that `state` gave."""
        state = load_checkpoint(path)
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.ema.module.load_state_dict(state["ema"])
        self.discriminator.load_state_dict(state["discriminator"])
        load_optimizer(self.optimizer, state.get("optimizer"))
        load_optimizer(self.optimizer_d, state.get("optimizer_d"))

    def train_step(self, batch: dict[str, torch.Tensor], *, adversarial: bool) -> dict[str, float]:
        """One step; with `adversarial` the discriminator learns and is listened to."""
        batch = {name: value.to(self.device) for name, value in batch.items()}
        with torch.autocast(self.device.type, torch.bfloat16):
            losses, mel = acoustic_losses(self.model, batch)
        if adversarial:
            losses |= self._adversarial_losses(mel, batch)
        loss = sum(WEIGHTS[name] * value for name, value in losses.items())
        assert isinstance(loss, torch.Tensor)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.ema.update(self.model)
        self.step += 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def _adversarial_losses(
        self, mel: torch.Tensor, batch: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        shortest = int(batch["frame_mask"].sum(1).min())
        start = int(torch.randint(max(1, shortest - PATCH_FRAMES + 1), ()))
        cut = slice(start, start + PATCH_FRAMES)
        real, fake = batch["mel"][:, :, cut], mel[:, :, cut]
        with torch.autocast(self.device.type, torch.bfloat16):
            loss_d = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        self.optimizer_d.zero_grad(set_to_none=True)
        loss_d.backward()
        self.optimizer_d.step()
        self.discriminator.requires_grad_(requires_grad=False)
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.no_grad():
                judged_real = self.discriminator(real)
            judged_fake = self.discriminator(fake)
        self.discriminator.requires_grad_(requires_grad=True)
        return {
            "adversarial": adversarial_loss(judged_fake),
            "features": feature_loss(judged_real, judged_fake),
        }


def acoustic_parts(config: ModelConfig) -> MuSpeaker:
    """A `MuSpeaker` without the parts that this stage does not train."""
    model = MuSpeaker(config)
    for name in FROZEN:
        delattr(model, name)
    return model


def acoustic_losses(
    model: MuSpeaker, batch: dict[str, torch.Tensor]
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Run the network on the real durations, pitch and energy.

    Args:
        model: The network; its predictors take detached inputs.
        batch: From `AcousticData.collate`.

    Returns:
        The losses by name, and the mel (batch, mels, frames).
    """
    e_con, noise, log_std = encode_content(model, batch)
    mel, frames = decode(model, e_con, batch)
    adapter = model.variation_adapter
    e_sty = model.style_encoder(batch["prompt_mel"])
    token_mask, frame_mask = batch["token_mask"], batch["frame_mask"]
    style_mask = batch["prompt_mask"]
    log_durations = adapter.duration_predictor(e_con.detach(), e_sty, token_mask, style_mask)
    pitch = adapter.pitch_predictor(frames.detach(), e_sty, frame_mask, style_mask)
    energy = adapter.energy_predictor(frames.detach(), e_sty, frame_mask, style_mask)
    level, voicing = pitch_losses(
        pitch, adapter.normalize_f0(batch["f0"]), batch["f0"] > 0, frame_mask
    )
    losses = {
        "mel": mel_loss(mel, batch["mel"], frame_mask),
        "loud": loud_loss(mel, batch["mel"], frame_mask),
        "moments": moments_loss(mel, batch["mel"], frame_mask),
        "duration": duration_loss(log_durations.squeeze(-1), batch["durations"], token_mask),
        "pitch": level,
        "voicing": voicing,
        "energy": energy_loss(energy.squeeze(-1), batch["energy"], frame_mask),
        "kl": kl_loss(noise, log_std, token_mask),
    }
    return losses, mel


def encode_content(
    model: MuSpeaker, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """e_con from text and a sample of the posterior; the flow's noise; the posterior's log_std."""
    phones, stresses, boundaries = batch["tokens"].unbind(1)
    token_mask = batch["token_mask"]
    e_ling = model.linguistic_encoder(phones, stresses, boundaries, token_mask)
    path = make_path(batch["durations"], batch["mel"].shape[2])  # (batch, tokens, frames)
    mean, log_std = model.mel_encoder(batch["mel"], path)
    log_std = log_std.float().clamp(-6.0, 2.0)
    e_mel = mean.float() + log_std.exp() * torch.randn_like(mean.float())
    e_mel = e_mel * token_mask.unsqueeze(-1)
    noise = model.vp_flow(e_mel, e_ling, token_mask)
    return e_ling + model.fusion(e_mel), noise, log_std


def decode(
    model: MuSpeaker, e_con: torch.Tensor, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mel on the real durations, pitch and energy; and the stretched content."""
    path = make_path(batch["durations"], batch["mel"].shape[2])
    adapter = model.variation_adapter
    frames = adapter.length_regulator(e_con, path)  # (batch, frames, hidden)
    e_lat = adapter.embed(frames, batch["f0"], batch["energy"])
    e_tim = model.timbre_projection(batch["timbre"])
    return model.mel_decoder(e_lat, e_tim, batch["frame_mask"]), frames


def train(trainer: AcousticTrainer, data: AcousticData) -> None:
    """Spend the budget of minutes, saving every few of them."""
    options = trainer.options
    clock, path = Clock(options.minutes), options.out / "acoustic.pt"
    sums: dict[str, float] = {}
    mark = saved = time.monotonic()
    for count, batch in enumerate(data.batches(options.frames), 1):
        rate = clock.learning_rate(options.rate, count - 1)
        set_learning_rate(trainer.optimizer, rate)
        set_learning_rate(trainer.optimizer_d, rate * options.rate_d / options.rate)
        adversarial = clock.progress * options.minutes >= options.plain_minutes
        losses = trainer.train_step(batch, adversarial=adversarial)
        for name, value in losses.items():
            sums[name] = 0.98 * sums.get(name, value) + 0.02 * value
        if count % 50 == 0:
            pace, mark = (time.monotonic() - mark) / 50, time.monotonic()
            shown = " ".join(f"{name} {value:.3f}" for name, value in sums.items())
            log.info("step %d %.3f s/step %s", trainer.step, pace, shown)
        if time.monotonic() - saved > options.save_minutes * 60:
            save_checkpoint(path, trainer.state())
            saved = time.monotonic()
        if clock.progress >= 1:
            break
    save_checkpoint(path, trainer.state())


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--timbre", type=Path, default=Path("runs/timbre/timbre.pt"))
    parser.add_argument("--out", type=Path, default=Path("runs/acoustic"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--plain-minutes", type=float, default=40, help="before the discriminator")
    parser.add_argument("--save-minutes", type=float, default=3)
    parser.add_argument("--frames", type=int, default=5000, help="in a batch")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rate-d", type=float, default=2e-4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cache, config = Cache(options.corpus), config or lite()
    timbres = timbre_vectors(cache, options.timbre, config)
    trainer = AcousticTrainer(config, options)
    if (options.out / "acoustic.pt").exists():
        trainer.resume(options.out / "acoustic.pt")
    seed = options.seed + trainer.step
    train(trainer, AcousticData(cache, timbres, config, seed))


if __name__ == "__main__":
    main()
