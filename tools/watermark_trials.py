"""How often the watermark is found, in marked speech after changes and in recordings of people.

    python -m tools.watermark_trials marked DIR [DIR ...]
    python -m tools.watermark_trials real MANIFEST [MANIFEST ...] [--keys 16]

The first takes folders of marked WAV files, the second manifests with a column `path`. Patterns of other keys are as
good a trial of recordings that have no mark as that of the real key: each window is tried with so many.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import soxr

from muspeaker.sound import watermark
from muspeaker.sound.recording import read_searched, resample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

RATE_HZ = watermark.RATE_HZ
JOINED_SECONDS = 20  # recordings are joined to this length


def coded(samples: Sound, codec: str, container: str, rate_hz: int) -> Sound:
    """Samples after a codec at 64 kbit/s, at RATE_HZ."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout="mono")
        stream.bit_rate = 64_000
        given = np.clip(resample(samples, RATE_HZ, rate_hz), -1, 1) * 32767
        frame = av.AudioFrame.from_ndarray(given.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(
            stream.codec_context.codec.audio_formats[0].name, "mono", rate_hz
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as file:
        plain = av.AudioResampler("flt", "mono", rate_hz)
        parts = [p for f in file.decode(audio=0) for p in plain.resample(f)]
        heard = np.concatenate([part.to_ndarray().ravel() for part in parts])
    return resample(heard, rate_hz, RATE_HZ)


def noisy(samples: Sound) -> Sound:
    """With white noise at 30 dB below the speech."""
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples))
    level = np.sqrt(np.mean(np.square(samples))) * 10 ** (-30 / 20)
    return (samples + level * noise).astype(np.float32)


def cut(samples: Sound) -> Sound:
    """3 s from anywhere."""
    most = max(len(samples) - 3 * RATE_HZ, 0)
    begin = int(np.random.default_rng(len(samples)).integers(0, most + 1))
    return samples[begin : begin + 3 * RATE_HZ]


CHANGES: dict[str, Callable[[Sound], Sound]] = {
    "nothing": lambda x: x,
    "MP3 at 64 kbit/s": lambda x: coded(x, "libmp3lame", "mp3", 24_000),
    "Opus at 64 kbit/s": lambda x: coded(x, "libopus", "ogg", 48_000),
    "16 kHz": lambda x: resample(resample(x, RATE_HZ, 16_000), 16_000, RATE_HZ),
    "gain of -20 dB": lambda x: 0.1 * x,
    "noise at 30 dB": noisy,
    "a cut to 3 s": cut,
    "speed 1.02": lambda x: soxr.resample(x, 1.02 * RATE_HZ, RATE_HZ, "VHQ"),
}


def marked_scores(folders: list[Path], changes: list[str]) -> dict[str, list[float]]:
    """The scores of all WAV files of the folders, after each change."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.wav"))
    sounds = [resample(*read_searched(path, watermark.MIN_SECONDS), RATE_HZ) for path in paths]
    return {
        name: [watermark.detect(CHANGES[name](sound), RATE_HZ).score for sound in sounds]
        for name in changes
    }


def joined(manifests: list[Path]) -> Iterator[Sound]:
    """The recordings of manifests, in random order, joined to some length."""
    paths = []
    for manifest in manifests:
        with manifest.open(encoding="utf-8") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            paths += [manifest.parent / row["path"] for row in rows]
    parts: list[Sound] = []
    for index in np.random.default_rng(5).permutation(len(paths)):
        parts.append(resample(*read_searched(paths[index], watermark.MIN_SECONDS), RATE_HZ))
        if sum(map(len, parts)) >= JOINED_SECONDS * RATE_HZ:
            yield np.concatenate(parts)
            parts = []


def real_scores(sounds: Iterator[Sound], keys: int) -> list[list[float]]:
    """For each window the score of the real key, and those of other keys."""
    rng = np.random.default_rng(1000)
    own = watermark._pattern()
    shape = own.symbols.shape
    patterns = [own]
    for _ in range(keys):
        signs = rng.choice(np.array([-1, 1], np.float32), shape)
        common = np.where(own.symbols == 0, signs, 0).astype(np.float32)
        spectra = [watermark._spectrum(pattern) for pattern in (common, signs)]
        patterns.append(own._replace(common=spectra[0], plain=spectra[1]))
    return [
        [place.score for place in watermark._search_all(sound[begin:end], patterns)]
        for sound in sounds
        for begin, end in watermark._windows(len(sound))
    ]


def main() -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("marked", "real"))
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--keys", type=int, default=16)
    given = parser.parse_args()
    if given.what == "marked":
        print("| after | found | least score | mean |\n|---|---|---|---|")
        for name, scores in marked_scores(given.paths, list(CHANGES)).items():
            found = np.mean(np.array(scores) >= watermark.THRESHOLD)
            print(
                f"| {name} | {found:.1%} of {len(scores)} | {min(scores):.1f} | {np.mean(scores):.1f} |"
            )
        return
    table = np.array(real_scores(joined(given.paths), given.keys))
    over = (table >= watermark.THRESHOLD).sum(0)
    print(f"{len(table)} windows: {over[0]} found, highest score {table[:, 0].max():.2f}")
    print(f"{table[:, 1:].size} of other keys: {over[1:].sum()} found, highest {table.max():.2f}")


if __name__ == "__main__":
    main()
