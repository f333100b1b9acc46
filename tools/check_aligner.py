"""Measure the aligner on speech whose word boundaries are known: that of espeak-ng.

python -m tools.check_aligner --folder FOLDER

Makes a corpus of made-up sentences in several voices and speeds, prepares and aligns it, as `muspeaker-train
prepare`, `align` and `realign` do, and compares where words begin.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from muspeaker.config import SYMBOLS, ModelConfig, PhoneClassifierConfig
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import tokens
from muspeaker.train.corpus.alignment import ALIGNMENT, REALIGNED, load_alignment
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.stages import align, prepare, realign

VOICES = ("en-us", "en-us+f2", "en-us+m3", "en-us+f4", "en-us+m7")
RATES = (130, 160, 190)  # words a minute
VOCABULARY = (
    "apple river stone bridge garden winter summer yellow silver paper window doctor teacher "
    "children market engine rocket planet forest mountain village harbour captain soldier "
    "painter singer dancer walked jumped carried followed opened closed painted watched "
    "listened remembered discovered quickly slowly quietly happily never always often seldom "
    "beyond under between around small large bright heavy gentle ancient modern foreign "
    "several seven eleven twenty thousand people horses dogs birds fishes boats trains "
    "letters numbers colours shadows voices measure vision judge church thought brother "
    "nothing something young joyful "
)
SYNCHRONOUS, PHONEME_EVENTS, UTF8 = 2, 1, 1
WORD_EVENT = 1
RATE_PARAMETER = 1
NEAR_MS = 40.0
SIZES = ModelConfig(phone_classifier=PhoneClassifierConfig())  # of a model with espeak-ng's phones
ROUNDS = 3


class Event(ctypes.Structure):
    """espeak_EVENT of espeak-ng's speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


@dataclass(frozen=True)
class Said:
    """(samples,) int16, and the position in the text and the sample at which each word begins."""

    samples: np.ndarray
    words: list[tuple[int, int]]


class Espeak:
    """espeak-ng as a synthesizer that says when words begin."""

    def __init__(self) -> None:
        try:
            import espeakng_loader  # noqa: PLC0415 (so that what is missing has a message)
        except ImportError as error:
            raise RuntimeError("needs espeak-ng: pip install 'muspeaker[espeak]'") from error

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate_hz = self._library.espeak_Initialize(SYNCHRONOUS, 0, data, PHONEME_EVENTS)
        if self.rate_hz <= 0:
            raise RuntimeError("espeak-ng did not start")
        self._samples: list[int] = []
        self._words: list[tuple[int, int]] = []
        self._callback = CALLBACK(self._hear)  # kept alive as long as the library calls it
        self._library.espeak_SetSynthCallback(self._callback)

    def _hear(self, wave: Any, count: int, events: Any) -> int:
        self._samples += wave[:count] if count else []
        index = 0
        while events[index].type:
            if events[index].type == WORD_EVENT:
                self._words.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return 0

    def say(self, text: str, voice: str, words_a_minute: int) -> Said:
        """Speak one sentence.

        Raises:
            ValueError: If there is no such voice.
        """
        self._samples, self._words = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(RATE_PARAMETER, words_a_minute, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return Said(np.array(self._samples, np.int16), list(self._words))


def make_sentence(random: np.random.Generator) -> str:
    """Five to nine words, sometimes with a comma among them."""
    words = random.choice(VOCABULARY.split(), random.integers(5, 10)).tolist()
    if random.random() < 0.3:
        words[len(words) // 2 - 1] += ","
    return " ".join(words).capitalize() + "."


def write_corpus(folder: Path, count: int, seed: int) -> dict[str, list[float]]:
    """Write a manifest with its recordings; returns where words begin, in ms, by clip."""
    folder.mkdir(parents=True, exist_ok=True)
    espeak, random = Espeak(), np.random.default_rng(seed)
    rows, truth = ["id\tspeaker\tlanguage\tpath\ttext"], {}
    for number in range(count):
        text, voice = make_sentence(random), VOICES[number % len(VOICES)]
        said = espeak.say(text, voice, RATES[number // len(VOICES) % len(RATES)])
        starts = {at: 1000 * sample / espeak.rate_hz for at, sample in said.words}
        at, found = 0, []
        for word in text.split():
            found.append(starts.get(at, float("nan")))
            at += len(word) + 1
        name = f"clip{number}"
        truth[name] = found
        soundfile.write(folder / f"{name}.wav", said.samples, espeak.rate_hz)
        rows.append(f"{name}\t{voice}\ten-us\t{name}.wav\t{text}")
    (folder / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return truth


def differences(corpus: Path, alignment: str, truth: dict[str, list[float]]) -> np.ndarray:
    """Found by an alignment minus known, in ms, of the starts of all words."""
    cache, found = Cache(corpus), []
    frame_ms = 1000 * cache.sizes.hop_samples / cache.sizes.sample_rate
    for number, (ids, durations, _) in load_alignment(corpus / alignment).items():
        clip = cache.clips[number]
        said = tokens(normalize(clip.text), "en-us", SYMBOLS)
        assert np.array_equal(said.phones, ids[0])
        edges = np.concatenate([[0], np.cumsum(durations)]) * frame_ms
        starts = [edges[word.start] for word in said.words]
        found += (np.array(starts) - truth[clip.id]).tolist()
    errors = np.array(found)
    return errors[np.isfinite(errors)]


def near_share(errors: np.ndarray) -> float:
    """The share of (words,) errors in ms that is at most 40 ms either way."""
    return float(np.mean(np.abs(errors) <= NEAR_MS))


def check(
    folder: Path, num_clips: int, steps: int, realign_steps: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make, prepare and align a corpus; returns `differences` of the first alignment and the second."""
    truth = write_corpus(folder / "recordings", num_clips, seed)
    corpus = str(folder / "corpus")
    prepare.main(
        [str(folder / "recordings" / "manifest.tsv"), "--out", corpus, "--workers", "1"], SIZES
    )
    common = [corpus, "--precision", "f32"]  # many CPUs emulate bf16, which takes ten times as long
    align.main([*common, "--steps", str(steps), "--out", str(folder / "align")], SIZES)
    rounds = ["--steps", str(realign_steps), "--round-steps", str(max(1, realign_steps // ROUNDS))]
    realign.main([*common, *rounds, "--out", str(folder / "realign")], SIZES)
    first, second = (differences(folder / "corpus", n, truth) for n in (ALIGNMENT, REALIGNED))
    return first, second


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where everything is written")
    parser.add_argument("--clips", type=int, default=90)
    parser.add_argument("--steps", type=int, default=500, help="steps of the aligner's training")
    parser.add_argument("--realign-steps", type=int, default=150, help="steps of the classifier's")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.process_time()
    found = check(options.folder, options.clips, options.steps, options.realign_steps, options.seed)
    for stage, errors in zip(("align", "realign"), found, strict=True):
        print(
            f"{stage}: {len(errors)} word starts, {near_share(errors):.1%} within {NEAR_MS:g} ms, "
            f"median error {np.median(errors):+.1f} ms"
        )
    print(f"in {time.process_time() - begin:.0f} s of CPU time")


if __name__ == "__main__":
    main()
