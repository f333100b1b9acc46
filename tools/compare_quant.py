"""What a quantised model loses against another type of the same weights, on voices it never heard.

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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

import muspeaker
from muspeaker import _core
from muspeaker.model.features import log_mel
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import tokens
from muspeaker.text.sentences import split_sentences

if TYPE_CHECKING:
    from muspeaker.text.phonemize import Tokens

TEMPERATURE = 0.667
MAX_SECONDS = 60
WANTED = 0.03


@dataclass(frozen=True)
class Difference:
    """Two ways to say one text.

    Attributes:
        trial: Its id.
        same_durations: Whether every phone lasts as many frames in both; else the rest is None.
        decoder_l1: Mean absolute difference of the natural-log mels that the decoders painted.
        spoken_l1: The same of the samples' own mels, vocoder included.
        snr_db: Level of the samples over that of their difference.
    """

    trial: str
    same_durations: bool
    decoder_l1: float | None = None
    spoken_l1: float | None = None
    snr_db: float | None = None


def stages(
    tts: muspeaker.Synthesizer, voice: muspeaker.Voice, said: Tokens
) -> dict[str, np.ndarray]:
    """The engine's stages with noise that depends on nothing but the number of tokens."""
    random = np.random.default_rng(len(said.phones))
    latent_size = int(tts.config["mel_encoder.latent"])
    latent = TEMPERATURE * random.standard_normal((len(said.phones), latent_size))
    noise = random.standard_normal(tts.sample_rate * MAX_SECONDS)
    result: dict[str, np.ndarray] = _core.probe.synthesize_stages(
        tts._engine,
        said.phones,
        said.stresses,
        said.boundaries,
        voice.timbre,
        voice.style,
        latent.astype(np.float32),
        noise.astype(np.float32),
    )
    return result


def compare(
    models: tuple[muspeaker.Synthesizer, muspeaker.Synthesizer],
    voices: tuple[muspeaker.Voice, muspeaker.Voice],
    trial: str,
    text: str,
) -> Difference:
    """Say one text twice, sentence by sentence; means over all its frames."""
    decoder, spoken, signal, noise = [], [], 0.0, 0.0
    for sentence in split_sentences(normalize(text)):
        said = tokens(sentence.text, models[0].languages[0], models[0].symbols)
        if not said.has_speech:
            continue
        first, second = (stages(*pair, said) for pair in zip(models, voices, strict=True))
        if not np.array_equal(first["durations"], second["durations"]):
            return Difference(trial, same_durations=False)
        decoder.append(np.abs(first["mel"] - second["mel"]).ravel())
        mels = [log_mel(torch.from_numpy(s["samples"]).reshape(1, -1)) for s in (first, second)]
        spoken.append((mels[0] - mels[1]).abs().numpy().ravel())
        signal += float(np.square(first["samples"], dtype=np.float64).sum())
        difference = first["samples"] - second["samples"]
        noise += float(np.square(difference, dtype=np.float64).sum())
    return Difference(
        trial,
        same_durations=True,
        decoder_l1=float(np.concatenate(decoder).mean()),
        spoken_l1=float(np.concatenate(spoken).mean()),
        snr_db=10 * float(np.log10(max(signal, 1e-30) / max(noise, 1e-30))),
    )


def summary(differences: list[Difference]) -> dict[str, float]:
    """Means over the trials whose durations agree, and how many those are."""
    same = [difference for difference in differences if difference.same_durations]
    means = {
        f"mean_{name}": float(np.mean([getattr(difference, name) for difference in same]))
        for name in ("decoder_l1", "spoken_l1", "snr_db")
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
    models = tuple(muspeaker.load(path, num_threads=1) for path in paths)
    if models[0].fingerprint != models[1].fingerprint:
        raise ValueError(
            f"these are types of different weights: {models[0].fingerprint} and "
            f"{models[1].fingerprint}"
        )
    with (folder / "trials.tsv").open(encoding="utf-8", newline="") as file:
        trials = list(csv.DictReader(file, delimiter="\t"))[:limit]
    if not trials:
        raise ValueError(f"no trials in {folder / 'trials.tsv'}")
    differences = []
    for trial in tqdm(trials, unit="trial"):
        voices = tuple(tts.clone(folder / trial["prompt"]) for tts in models)
        for tts, voice, kind in zip(models, voices, ("reference", "quantised"), strict=True):
            (out / kind).mkdir(parents=True, exist_ok=True)
            tts.synthesize(trial["text"], voice, seed=0).save(out / kind / f"{trial['id']}.wav")
        differences.append(
            compare((models[0], models[1]), (voices[0], voices[1]), trial["id"], trial["text"])
        )
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
