"""Draw the spectrogram of a recording above that of the model speaking the same sentence.

python -m tools.spectrogram --prompt PROMPT --real RECORDING --text TEXT -o docs/spectrogram.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import librosa
import matplotlib as mpl
import numpy as np
import soundfile
import soxr

import muspeaker

mpl.use("Agg")
from matplotlib import pyplot as plt

WINDOW_SAMPLES, HOP_SAMPLES = 1024, 256
FLOOR_DB = -80


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """(bins, frames) in dB below the loudest bin."""
    magnitude = np.abs(librosa.stft(samples, n_fft=WINDOW_SAMPLES, hop_length=HOP_SAMPLES))
    return np.asarray(librosa.amplitude_to_db(magnitude, ref=np.max, top_db=-FLOOR_DB))


def draw(panels: list[tuple[str, np.ndarray]], rate_hz: int, path: Path) -> None:
    """One panel for each title and (samples,) recording, all of one sample rate."""
    figure, axes = plt.subplots(len(panels), 1, figsize=(12, 3.4 * len(panels)), squeeze=False)
    for axis, (title, samples) in zip(axes[:, 0], panels, strict=True):
        seconds = len(samples) / rate_hz
        extent = (0, seconds, 0, rate_hz / 2000)
        axis.imshow(
            spectrogram(samples),
            origin="lower",
            aspect="auto",
            extent=extent,
            vmin=FLOOR_DB,
            vmax=0,
        )
        axis.set(title=title, xlabel="seconds", ylabel="kHz")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--prompt", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("-o", "--out", type=Path, default=Path("docs/spectrogram.png"))
    options = parser.parse_args()
    tts = muspeaker.load(options.model) if options.model else muspeaker.load()
    spoken = tts.synthesize(options.text, tts.clone(options.prompt), seed=0)
    real, rate_hz = soundfile.read(options.real, dtype="float32", always_2d=True)
    recording = soxr.resample(real.mean(axis=1), rate_hz, tts.sample_rate)
    draw(
        [("real recording", recording), (f"muspeaker: “{options.text}”", spoken.samples)],
        tts.sample_rate,
        options.out,
    )


if __name__ == "__main__":
    main()
