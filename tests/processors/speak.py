"""Load, speak, stream and clone on whichever processor runs this, and write the results to a file.

    python tests/processors/speak.py OUT.npz

`compare.py` compares the files of several processors. Needs the package and what it requires alone.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

import muspeaker

TEXT = "Any old machine speaks."
RATE_HZ = 24000


def prompt() -> np.ndarray:
    """Two seconds that a voice could hum in syllables, (samples,) float32; the same bits everywhere."""
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    cycles = 120 * time + 2 * np.sin(3 * time)
    sound = sum(np.sin(2 * np.pi * k * cycles) / k for k in range(1, 40))
    syllables = np.sin(np.pi * 4 * time) ** 2
    return (np.round(6000 * sound * syllables) / 32768).astype(np.float32)


def main(out: str) -> None:
    """Write `spoken`, `voice` (the vector of a cloned voice) and `cloned` to `out`."""
    tts = muspeaker.load(num_threads=1)
    spoken = tts.synthesize(TEXT)
    streamed = np.concatenate([chunk.samples for chunk in tts.stream(TEXT)])
    if not np.array_equal(streamed, spoken.samples):
        sys.exit("the stream's samples are not those of the whole")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", muspeaker.PromptWarning)  # it is no speech, and hears so
        voice = tts.clone((prompt(), RATE_HZ))
    cloned = tts.synthesize("Yes.", voice)
    if not (np.abs(spoken.samples).max() > 0.05 and np.abs(cloned.samples).max() > 0.05):
        sys.exit("silence")
    np.savez(out, spoken=spoken.samples, voice=voice.vector, cloned=cloned.samples)


if __name__ == "__main__":
    main(sys.argv[1])
