"""What a quantised model loses against another type of the same weights, on unseen voices.

    python -m tools.compare_quant f32.bin q8.bin SET --out DIR

SET is a folder with trials.tsv (columns id, prompt, text; prompts relative to the folder). Every text is
spoken in the voice of its prompt by both models, each from the prompt to the samples on its own, with the
same seed. DIR/reference/<id>.wav and DIR/quantised/<id>.wav are kept, for a judge of finished audio to
read; what can be compared without one is printed, and written to DIR/compare.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

import muspeaker
from muspeaker import _core
from muspeaker.config import AudioConfig
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import tokens
from muspeaker.text.sentences import split_sentences
from muspeaker.twin.dsp.mel import log_mel

if TYPE_CHECKING:
    from muspeaker.text.phonemize import Tokens

TEMPERATURE = 0.667
MAX_SECONDS = 60
WANTED = 0.03
TINY = 1e-30


@dataclass(frozen=True)
class Difference:
    """Two ways to say one text.

    Attributes:
        trial: Its id.
        same_durations: Whether every phone lasts as many frames in both; else the rest is None.
        decoder_l1: Mean absolute difference of the natural-log mels that the decoders painted.
        spoken_l1: The same of the mels of the samples. Tiny differences of F0 add up in the phase of the
            harmonics, so that this is more than one hears.
        vocoder_l1: The same where both vocoders get the reference's mel, F0 and phase.
        vocoder_snr_db: There, the level of the samples over that of their difference.
    """

    trial: str
    same_durations: bool
    decoder_l1: float | None = None
    spoken_l1: float | None = None
    vocoder_l1: float | None = None
    vocoder_snr_db: float | None = None


class Candidate:
    """One model file: what users load, and its vocoder alone."""

    def __init__(self, path: Path) -> None:
        self.tts = muspeaker.load(path, num_threads=1)
        sizes = {item.name: self.tts.config[f"audio.{item.name}"] for item in fields(AudioConfig)}
        self.audio = AudioConfig(**sizes)
        self._vocoder = _core.probe.Model(str(path), 1)

    def stages(self, voice: muspeaker.Voice, said: Tokens) -> dict[str, np.ndarray]:
        """The engine's stages with noise that depends on nothing but the number of tokens."""
        tts, count = self.tts, len(said.phones)
        random = np.random.default_rng(count)
        latent = TEMPERATURE * random.standard_normal(
            (count, int(tts.config["mel_encoder.latent"]))
        )
        noise = random.standard_normal(tts.sample_rate * MAX_SECONDS)
        result: dict[str, np.ndarray] = _core.probe.synthesize_stages(
            tts._engine,
            said.ids,
            voice.vector,
            voice.style,
            latent.astype(np.float32),
            noise.astype(np.float32),
        )
        return result

    def vocode(self, mel: np.ndarray, f0: np.ndarray) -> np.ndarray:
        """(samples,) of a given mel and F0, with the same noise for every model."""
        hop = int(self.tts.config["audio.hop_samples"])
        phase = np.cumsum(np.repeat(f0.astype(np.float64), hop) / self.tts.sample_rate) % 1.0
        noise = np.random.default_rng(0).standard_normal(phase.size)
        samples: np.ndarray = _core.probe.nsf_hifigan(
            self._vocoder, mel, f0, phase.astype(np.float32), noise.astype(np.float32)
        )
        return samples.reshape(-1)


def mel_of(samples: np.ndarray, audio: AudioConfig) -> np.ndarray:
    """Natural-log mel, flat."""
    return log_mel(torch.from_numpy(samples).reshape(1, -1), audio).numpy().ravel()


def energy(samples: np.ndarray) -> float:
    """Sum of squares."""
    return float(np.square(samples, dtype=np.float64).sum())


def compare(
    candidates: tuple[Candidate, Candidate],
    voices: tuple[muspeaker.Voice, muspeaker.Voice],
    trial: str,
    text: str,
) -> Difference:
    """Say one text twice, sentence by sentence; means over all its frames."""
    l1: dict[str, list[np.ndarray]] = {"decoder": [], "spoken": [], "vocoder": []}
    signal, noise = 0.0, 0.0
    tts = candidates[0].tts
    for sentence in split_sentences(normalize(text)):
        said = tokens(sentence.text, tts.languages[0], tts.symbols)
        if not said.has_speech:
            continue
        first, second = (who.stages(v, said) for who, v in zip(candidates, voices, strict=True))
        if not np.array_equal(first["durations"], second["durations"]):
            return Difference(trial, same_durations=False)
        one, other = (who.vocode(first["mel"], first["f0"]) for who in candidates)
        l1["decoder"].append(np.abs(first["mel"] - second["mel"]).ravel())
        for name, pair in (
            ("spoken", (first["samples"], second["samples"])),
            ("vocoder", (one, other)),
        ):
            a, b = (mel_of(samples, candidates[0].audio) for samples in pair)
            l1[name].append(np.abs(a - b))
        signal, noise = signal + energy(one), noise + energy(one - other)
    means = {f"{name}_l1": float(np.concatenate(parts).mean()) for name, parts in l1.items()}
    snr_db = 10 * float(np.log10(max(signal, TINY) / max(noise, TINY)))
    return Difference(trial, same_durations=True, vocoder_snr_db=snr_db, **means)


def summary(differences: list[Difference]) -> dict[str, float]:
    """Means over the trials whose durations agree, and how many those are."""
    same = [difference for difference in differences if difference.same_durations]
    means = {
        f"mean_{name}": float(np.mean([getattr(difference, name) for difference in same]))
        for name in ("decoder_l1", "spoken_l1", "vocoder_l1", "vocoder_snr_db")
        if same
    }
    worst = {"worst_decoder_l1": max(d.decoder_l1 or 0.0 for d in same)} if same else {}
    return {"trials": len(differences), "same_durations": len(same), **means, **worst}


def run(paths: tuple[Path, Path], folder: Path, out: Path, limit: int | None) -> dict[str, float]:
    """Compare two model files on a set, and keep what they say.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If the models have other weights, or the set has no trials.
    """
    candidates = (Candidate(paths[0]), Candidate(paths[1]))
    prints = [candidate.tts.fingerprint for candidate in candidates]
    if prints[0] != prints[1]:
        raise ValueError(f"these are types of different weights: {prints[0]} and {prints[1]}")
    with (folder / "trials.tsv").open(encoding="utf-8", newline="") as file:
        trials = list(csv.DictReader(file, delimiter="\t"))[:limit]
    if not trials:
        raise ValueError(f"no trials in {folder / 'trials.tsv'}")
    differences = []
    for trial in tqdm(trials, unit="trial"):
        prompt = folder / trial["prompt"]
        voices = (candidates[0].tts.clone(prompt), candidates[1].tts.clone(prompt))
        for candidate, voice, kind in zip(
            candidates, voices, ("reference", "quantised"), strict=True
        ):
            (out / kind).mkdir(parents=True, exist_ok=True)
            spoken = candidate.tts.synthesize(trial["text"], voice, seed=0)
            spoken.save(out / kind / f"{trial['id']}.wav")
        differences.append(compare(candidates, voices, trial["id"], trial["text"]))
    result = summary(differences)
    report = {"summary": result, "trials": [asdict(difference) for difference in differences]}
    (out / "compare.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return result


def main() -> int:
    """Command line; 0, or 1 with a reason."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.compare_quant",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("reference", type=Path, help="model file, usually f32")
    parser.add_argument("quantised", type=Path, help="the same weights in another type")
    parser.add_argument("set", type=Path, help="folder with trials.tsv")
    parser.add_argument("--out", type=Path, required=True, help="folder for the two sets of audio")
    parser.add_argument("--limit", type=int, help="the first trials alone")
    options = parser.parse_args()
    try:
        result = run(
            (options.reference, options.quantised), options.set, options.out, options.limit
        )
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, value in result.items():
        print(f"{name:>18} {value:.4g}")
    mean = result.get("mean_decoder_l1")
    if mean is not None:
        print(f"log-mel L1 {mean:.4f}: {'within' if mean <= WANTED else 'over'} {WANTED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
