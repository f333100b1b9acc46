"""Stage 0: decode, level and pitch-track a corpus once, into a few flat arrays.

The cache holds `audio.npy` (int16), `f0.npy` (Hz, 0 where unvoiced) and `index.json`; clips lie behind
each other, each a whole number of frames. `--speeds` adds copies of every clip played faster or slower:
another pitch and another vocal tract, hence a pseudo-speaker of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import parselmouth
import soundfile
import soxr
from tqdm import tqdm

from muspeaker.config import AudioConfig
from muspeaker.loudness import active_rms, normalize_loudness
from muspeaker.train.corpora import Utterance, read_manifest, without_texts

log = logging.getLogger(__name__)
AUDIO = AudioConfig()
F0_FLOOR_HZ = 60.0
F0_CEILING_HZ = 550.0
MIN_SECONDS = 0.8


@dataclass(frozen=True)
class PreparedClip:
    """One leveled clip: (samples,) float32 and its F0 (frames,) in Hz."""

    samples: npt.NDArray[np.float32]
    f0: npt.NDArray[np.float32]


def track_f0(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """F0 at the middle of each mel frame, by Praat's autocorrelation method.

    Args:
        samples: (samples,) float32 at the model's rate, a whole number of frames.

    Returns:
        (frames,) float32 in Hz, 0 where unvoiced.
    """
    step = AUDIO.hop_samples / AUDIO.sample_rate
    sound = parselmouth.Sound(samples.astype(np.float64), AUDIO.sample_rate)
    pitch = sound.to_pitch_ac(time_step=step, pitch_floor=F0_FLOOR_HZ, pitch_ceiling=F0_CEILING_HZ)
    values = pitch.selected_array["frequency"]
    times = (np.arange(len(samples) // AUDIO.hop_samples) + 0.5) * step
    nearest = np.rint((times - pitch.x1) / step).astype(int)
    inside = (nearest >= 0) & (nearest < len(values))
    return np.where(inside, values[nearest.clip(0, len(values) - 1)], 0.0).astype(np.float32)


def prepare_clip(utterance: Utterance, speed: float) -> PreparedClip | str:
    """Decode one clip; the reason in words if it cannot be used."""
    try:
        samples, rate_hz = soundfile.read(utterance.path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        return str(error)
    mono = soxr.resample(samples.mean(axis=1), rate_hz * speed, AUDIO.sample_rate, "VHQ")
    mono = mono[: len(mono) // AUDIO.hop_samples * AUDIO.hop_samples].astype(np.float32)
    if len(mono) < MIN_SECONDS * AUDIO.sample_rate:
        return f"shorter than {MIN_SECONDS} s"
    if not np.isfinite(mono).all() or active_rms(mono) < 1e-4:
        return "silent or not finite"
    mono = normalize_loudness(mono)
    try:
        return PreparedClip(mono, track_f0(mono))
    except parselmouth.PraatError as error:
        return str(error)


def prepare(utterances: list[Utterance], folder: Path, speeds: list[float], workers: int) -> None:
    """Write the cache of `utterances` at each speed; name and skip what cannot be used."""
    folder.mkdir(parents=True, exist_ok=True)
    index: list[dict[str, Any]] = []
    audio: list[npt.NDArray[np.int16]] = []
    f0: list[npt.NDArray[np.float32]] = []
    first_frame = 0
    with ProcessPoolExecutor(workers) as pool:
        for speed in speeds:
            clips = pool.map(partial(prepare_clip, speed=speed), utterances, chunksize=16)
            for utterance, clip in zip(tqdm(utterances, f"speed {speed}"), clips, strict=True):
                if isinstance(clip, str):
                    log.warning("left out %s: %s", utterance.id, clip)
                    continue
                suffix = "" if speed == 1.0 else f"@{speed}"
                index.append({
                    "id": utterance.id + suffix,
                    "source": utterance.source,
                    "speaker": utterance.speaker + suffix,
                    "gender": utterance.gender,
                    "text": utterance.text,
                    "band_hz": min(11025.0, utterance.rate_hz / 2 * speed),
                    "speed": speed,
                    "first_frame": first_frame,
                    "frames": len(clip.f0),
                })  # fmt: skip
                first_frame += len(clip.f0)
                audio.append((clip.samples * 32767).astype(np.int16))
                f0.append(clip.f0)
    np.save(folder / "audio.npy", np.concatenate(audio))
    np.save(folder / "f0.npy", np.concatenate(f0))
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    log.info("%d clips, %.2f hours", len(index), sum(map(len, audio)) / AUDIO.sample_rate / 3600)


def main(arguments: list[str] | None = None) -> None:
    """Command line of the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--held-out", type=Path, help="tsv whose texts must not be trained on")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    utterances = read_manifest(options.manifest)
    if options.held_out:
        utterances = without_texts(utterances, options.held_out)
    prepare(utterances, options.out, options.speeds, options.workers)


if __name__ == "__main__":
    main()
