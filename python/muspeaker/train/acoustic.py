"""Stage: the teacher, everything between phones and mel, with real prompts and targets.

Needs the alignment and a trained timbre encoder. The student (`muspeaker.train.student`) is the same
trainer, whose content partly comes from parallel speech that the teacher made.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

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
from muspeaker.train.checkpoint import load_checkpoint
from muspeaker.train.discriminators import MelDiscriminator
from muspeaker.train.distributed import first_goes_ahead
from muspeaker.train.feed import Batch, Plan
from muspeaker.train.listen import Speaker
from muspeaker.train.muon import Muon
from muspeaker.train.options import TrainOptions, loss_weights, model_config, option, parse
from muspeaker.train.timbre import Fbanks
from muspeaker.train.trainer import Trainer
from muspeaker.train.vocoder_losses import adversarial_loss, discriminator_loss, feature_loss
from muspeaker.train.voice_judge import (
    JUDGED_FRAMES,
    VoiceJudge,
    contrastive_loss,
    fbank_map,
    perceptual_loss,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from muspeaker.config import ModelConfig

log = logging.getLogger(__name__)
FROZEN = ("timbre_encoder", "vocoder", "aligner", "phone_classifier")
TIMBRE_FRAMES = 160
TIMBRE_BATCH = 32
PATCH_FRAMES = 96
SHOWN = 3  # clips that are spoken again at every save
TEMPERATURE = 0.667  # of what is shown
TEACHER_WEIGHTS = WEIGHTS | {"perceptual": 0.0, "contrastive": 0.0}


@dataclass(frozen=True, kw_only=True)
class AcousticOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/acoustic"), "folder of the checkpoint, the log and the samples")
    timbre: Path = option(Path("runs/timbre/timbre.pt"), "checkpoint of the timbre encoder")
    vocoder: Path = option(
        Path("runs/vocoder/vocoder.pt"), "speaks the listening samples where it is there"
    )
    adversarial_from: float = option(0.66, "share of the budget before the discriminator joins")
    judge_from: float = option(0.0, "share before the perceptual and contrastive losses count")
    judged_rows: int = option(0, "of a batch that these two losses hear; 0: all")
    frames: int = option(5000, "in a batch, padding included")
    rate_d: float = option(2e-4, "peak learning rate of the discriminator")
    optimizer: Literal["adamw", "muon"] = option("muon", "of the network")


@torch.no_grad()
def timbre_vectors(
    cache: Cache, encoder_path: Path, config: ModelConfig
) -> npt.NDArray[np.float32]:
    """(clips, embedding) float32 from the middle 1.6 s of every clip, kept on disk."""
    path = cache.folder / "timbres.npy"
    if path.exists():
        return np.asarray(np.load(path))
    encoder = timbre_encoder(encoder_path, config)
    fbanks = Fbanks(cache)
    vectors = np.empty((len(cache.clips), config.timbre_encoder.embedding), np.float32)
    for first in tqdm(range(0, len(vectors), TIMBRE_BATCH), "timbre vectors", mininterval=20):
        batch = range(first, min(first + TIMBRE_BATCH, len(vectors)))
        rows = torch.from_numpy(np.stack([middle(fbanks.clip(i)) for i in batch]))
        with torch.autocast("cpu", torch.bfloat16):
            timbre = encoder(remove_time_mean(rows))
        vectors[first : first + len(batch)] = scale_timbre(timbre.float()).numpy()
    partial = path.with_suffix(".partial.npy")
    np.save(partial, vectors)
    partial.replace(path)
    return vectors


def timbre_encoder(path: Path, config: ModelConfig) -> TimbreEncoder:
    """The trained encoder, in evaluation."""
    encoder = TimbreEncoder(config.timbre_encoder).eval()
    encoder.load_state_dict(load_checkpoint(path)["ema"])
    return encoder


def middle(fbank: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The middle TIMBRE_FRAMES of (frames, fbanks), repeated if there are fewer."""
    if len(fbank) < TIMBRE_FRAMES:
        fbank = np.tile(fbank, (-(-TIMBRE_FRAMES // len(fbank)), 1))
    start = (len(fbank) - TIMBRE_FRAMES) // 2
    return fbank[start : start + TIMBRE_FRAMES]


class AcousticTrainer(Trainer):
    """The network and its mel discriminator; the teacher or the student.

    Args:
        config: Sizes of the model.
        options: The command line.
        data: Batches.
        table: The stage's loss weights.
        judge: Hears voices; needed for the perceptual and contrastive losses.
    """

    file = "acoustic"
    minutes = 60

    def __init__(
        self,
        config: ModelConfig,
        options: AcousticOptions,
        data: AcousticData,
        table: Mapping[str, float] = TEACHER_WEIGHTS,
        judge: VoiceJudge | None = None,
    ) -> None:
        super().__init__(config, options, table)
        self.model = self.network("model", acoustic_parts(config), decay=0.999)
        self.discriminator = self.network("discriminator", MelDiscriminator())
        self.optimizer("optimizer", _optimizer(self.model, options), options.rate)
        self.optimizer(
            "optimizer_d",
            torch.optim.AdamW(self.discriminator.parameters(), options.rate_d, betas=(0.5, 0.9)),
            options.rate_d,
        )
        self._data = data
        self._judge = judge.to(self.device) if judge else None
        self._judged_rows = options.judged_rows
        self._speaker = Speaker(options.vocoder, self.device)
        self._starts = {
            ("adversarial", "features"): options.adversarial_from,
            ("perceptual", "contrastive"): options.judge_from,
        }

    def source(self) -> AcousticData:
        """Targets and prompts."""
        return self._data

    def _wanted(self, names: tuple[str, str], progress: float) -> bool:
        return progress >= self._starts[names] and any(self.weights[name] for name in names)

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """One step of the network, and of the discriminator once it has joined."""
        with self.autocast():
            losses, mel = acoustic_losses(self.model, batch)
        if self._wanted(("adversarial", "features"), progress):
            losses |= self._adversarial_losses(mel, batch)
        if self._wanted(("perceptual", "contrastive"), progress):
            losses |= self._judged_losses(mel, batch)
        self.descend("optimizer", self.total(losses))
        return losses

    def _adversarial_losses(self, mel: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        cut = patch(batch, PATCH_FRAMES)
        real, fake = batch["mel"][:, :, cut], mel[:, :, cut]
        with self.autocast():
            loss_d = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        self.descend("optimizer_d", loss_d)
        self.discriminator.requires_grad_(requires_grad=False)
        with self.autocast():
            with torch.no_grad():
                judged_real = self.discriminator(real)
            judged_fake = self.discriminator(fake)
        self.discriminator.requires_grad_(requires_grad=True)
        return {
            "adversarial": adversarial_loss(judged_fake),
            "features": feature_loss(judged_real, judged_fake),
        }

    def _judged_losses(self, mel: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        assert self._judge, "these losses need a judge"
        cut, rows = patch(batch, JUDGED_FRAMES), slice(self._judged_rows or None)
        with self.autocast():
            with torch.no_grad():
                real, _ = self._judge(batch["mel"][rows, :, cut])
            fake, vectors = self._judge(mel[rows, :, cut])
        return {
            "perceptual": perceptual_loss(real, fake),
            "contrastive": contrastive_loss(
                vectors, batch["timbre"][:, : vectors.shape[1]], batch["speaker"]
            ),
        }

    @torch.no_grad()
    def show(self) -> None:
        """Some clips as the average imagines them on the real durations, pitch and energy."""
        if not self.journal.shows:
            return
        assert self.ema
        model = self.ema.module
        assert isinstance(model, MuSpeaker)
        numbers = sorted(self._data.items)
        plan = Plan(0, tuple(numbers[:: max(1, len(numbers) // SHOWN)][:SHOWN]))
        batch = self._data.collate(plan, slice(None))
        batch = {name: value.to(self.device) for name, value in batch.items()}
        with self.autocast():
            mels, _ = decode(model, imagine_content(model, batch, TEMPERATURE), batch)
        for row, frames in enumerate(batch["frame_mask"].sum(1).tolist()):
            real, mel = batch["mel"][row, :, :frames], mels[row, :, :frames].float()
            self.journal.picture(f"mel/{row}", torch.cat([real, mel]).cpu().numpy(), self.step)
            samples = self._speaker.speak(mel, batch["f0"][row, :frames])
            self.journal.audio(f"spoken/{row}", samples, self.step)


def patch(batch: Batch, frames: int) -> slice:
    """At most so many frames that every clip of the batch has, at the batch's random place."""
    shortest = int(batch["shortest"])
    start = int(float(batch["place"]) * max(1, shortest - frames + 1))
    return slice(start, min(start + frames, shortest))


def _optimizer(model: MuSpeaker, options: AcousticOptions) -> torch.optim.Optimizer:
    if options.optimizer == "muon":
        return Muon(model, options.rate)
    return torch.optim.AdamW(model.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)


def acoustic_parts(config: ModelConfig) -> MuSpeaker:
    """A `MuSpeaker` without the parts that this stage does not train."""
    model = MuSpeaker(replace(config, aligner=None, phone_classifier=None))
    for name in FROZEN:
        delattr(model, name)
    return model


def acoustic_losses(model: MuSpeaker, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
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
    model: MuSpeaker, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """e_con from text and a sample of the posterior; the flow's noise; the posterior's log_std."""
    phones, stresses, boundaries = batch["tokens"].unbind(1)
    token_mask, content = batch["token_mask"], batch["content_mel"]
    e_ling = model.linguistic_encoder(phones, stresses, boundaries, token_mask)
    path = make_path(batch["durations"], content.shape[2])  # (batch, tokens, frames)
    mean, log_std = model.mel_encoder(content, path)
    log_std = log_std.float().clamp(-6.0, 2.0)
    e_mel = mean.float() + log_std.exp() * batch["noise"]
    e_mel = e_mel * token_mask.unsqueeze(-1)
    noise = model.vp_flow(e_mel, e_ling, token_mask)
    return e_ling + model.fusion(e_mel), noise, log_std


def imagine_content(model: MuSpeaker, batch: Batch, temperature: float) -> torch.Tensor:
    """e_con from text and a sample of the prior, as in speaking."""
    phones, stresses, boundaries = batch["tokens"].unbind(1)
    token_mask = batch["token_mask"]
    e_ling = model.linguistic_encoder(phones, stresses, boundaries, token_mask)
    e_mel = model.vp_flow.inverse(batch["noise"] * temperature, e_ling, token_mask)
    return e_ling + model.fusion(e_mel)


def decode(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mel on the batch's durations, pitch and energy; and the stretched content."""
    path = make_path(batch["durations"], batch["f0"].shape[1])
    adapter = model.variation_adapter
    frames = adapter.length_regulator(e_con, path)  # (batch, frames, hidden)
    e_lat = adapter.embed(frames, batch["f0"], batch["energy"])
    e_tim = model.timbre_projection(batch["timbre"])
    return model.mel_decoder(e_lat, e_tim, batch["frame_mask"]), frames


def predict_contours(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """F0 in Hz and normalised energy (batch, frames) that the prompt's style gives this content."""
    adapter, config = model.variation_adapter, model.config.variation_adapter
    frame_mask, style_mask = batch["frame_mask"], batch["prompt_mask"]
    e_sty = model.style_encoder(batch["prompt_mel"])
    path = make_path(batch["durations"], frame_mask.shape[1])
    frames = adapter.length_regulator(e_con, path)
    pitch = adapter.pitch_predictor(frames, e_sty, frame_mask, style_mask).float()
    voiced = (pitch[..., 1] > 0) & frame_mask
    f0 = torch.exp(pitch[..., 0] * config.log_f0_std + config.log_f0_mean) * voiced
    energy = adapter.energy_predictor(frames, e_sty, frame_mask, style_mask).float().squeeze(-1)
    return f0, energy * frame_mask


def load_judge(cache: Cache, path: Path, config: ModelConfig) -> VoiceJudge:
    """The judge of this corpus, with the trained timbre encoder."""
    to_fbank = fbank_map(cache)
    return VoiceJudge(timbre_encoder(path, config), to_fbank)


def make_trainer(
    kind: type[AcousticTrainer],
    config: ModelConfig,
    options: AcousticOptions,
    table: Mapping[str, float],
) -> tuple[AcousticTrainer, AcousticData]:
    """The trainer of either stage on its corpus, with a judge if a loss needs one; and its data."""
    weights = loss_weights(table, options.weights)
    judged = weights["perceptual"] > 0 or weights["contrastive"] > 0
    with first_goes_ahead():
        cache = Cache(options.corpus)
        timbres = timbre_vectors(cache, options.timbre, config)
        judge = load_judge(cache, options.timbre, config) if judged else None
    data = AcousticData(cache, timbres, config, options.frames, options.seed)
    return kind(config, options, data, table, judge), data


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(AcousticOptions, arguments, "muspeaker-train teacher", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = config or model_config(options)
    make_trainer(AcousticTrainer, config, options, TEACHER_WEIGHTS)[0].run()


if __name__ == "__main__":
    main()
