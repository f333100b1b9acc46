"""The voice `heart` of hibari-tts, from a package of the extra `teacher`."""

from __future__ import annotations

import hibari
import numpy as np
import onnx
from hibari import dsp

from tools.teacher_speech.graph import start, tell
from tools.teacher_speech.teacher import PHONES

DURATIONS = "/Clip_output_0"  # in the graph, not in the package's interface; frames of 600 samples


class Heart:
    """American, female; distilled from Kokoro's af_heart."""

    def __init__(self) -> None:
        self._voice = hibari.Hibari()
        model = onnx.load(self._voice.model_path)
        self._outputs = [output.name for output in model.graph.output]
        self._session = start(tell(model, DURATIONS))

    def speak(self, text: str, speed: float, seed: int) -> tuple[np.ndarray, str, list[int]]:
        """Samples (samples,) float32 at 24 kHz, phones, and durations of phones and silences.

        Raises:
            ValueError: If the text is not one sentence with as many phones as a clip may have.
        """
        sentences = self._voice.phonemize(text)
        phones = "".join(c for c in "".join(sentences) if c in self._voice.vocab)
        if len(sentences) != 1 or not PHONES[0] <= len(phones) <= PHONES[1]:
            raise ValueError(f"{len(sentences)} sentences of {len(phones)} phones in all")
        feed = {
            "ids": np.array([self._voice.ids(phones)], np.int64),
            "speed": np.array([speed], np.float32),
        }
        *planes, durations = self._session.run([*self._outputs, DURATIONS], feed)
        samples = dsp.synth(*(plane[0] for plane in planes), np.random.default_rng(seed))
        return samples, phones, durations.ravel().round().astype(int).tolist()
