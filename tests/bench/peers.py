"""Other ways to speak the same text: our own network elsewhere, and other systems with random weights."""

from __future__ import annotations

import os
import re
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import nn

from muspeaker.config import FORMAT_VERSION
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import Tokens, tokens
from muspeaker.text.sentences import split_sentences
from muspeaker.twin.dsp.mel_correction import correct_levels
from muspeaker.twin.dsp.mel_moments import match_moments
from muspeaker.twin.engine.noise import Noise, vocoder_noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.engine.voice import Voice
from muspeaker.twin.model.linguistic_encoder import TokenIds
from tests.bench.models import CACHE, folded_model

if TYPE_CHECKING:
    from muspeaker.twin.model.muspeaker import MuSpeaker

PIPER_VOICE = (
    "MUSPEAKER_PIPER_VOICE"  # environment variable: a voice file of Piper, its .json beside it
)
PROMPT_SECONDS = 5.0
TEMPERATURE = 0.667
OPSET = 18


class Peer(Protocol):
    """Something that speaks."""

    detail: str

    def speak(self, text: str) -> float:
        """Speak, and say how many seconds of audio came out."""


def random_voice(model: MuSpeaker) -> Voice:
    generator = torch.Generator().manual_seed(1)
    audio = model.config.audio
    frames = round(PROMPT_SECONDS * audio.sample_rate / audio.hop_samples / 4)
    timbre = 0.1 * torch.randn(1, model.config.voice_size, generator=generator)
    style = torch.randn(1, frames, model.config.style_encoder.hidden, generator=generator)
    return Voice(timbre, style)


def sentences_of(model: MuSpeaker, text: str) -> list[Tokens]:
    return [
        tokens(normalize(sentence.text), "en-us", model.config.symbols)
        for sentence in split_sentences(text)
    ]


def ids_of(sentence: Tokens) -> TokenIds:
    """(1, tokens) int64 each."""
    return TokenIds(*(torch.from_numpy(row).long().unsqueeze(0) for row in sentence.ids))


class Eager:
    """Our own PyTorch twin."""

    detail = f"PyTorch {torch.__version__} eager, float32, weight norm folded"

    def __init__(self, size: str) -> None:
        self._model = folded_model(size)
        self._voice = random_voice(self._model)
        self._generator = torch.Generator().manual_seed(0)

    @torch.inference_mode()
    def speak(self, text: str) -> float:
        seconds = 0.0
        for sentence in sentences_of(self._model, text):
            latent = self._model.config.mel_encoder.latent
            noise = torch.randn(1, len(sentence.phones), latent, generator=self._generator)
            drawn = Noise(TEMPERATURE * noise, vocoder_noise(0))
            speech = Synthesizer(self._model).synthesize(ids_of(sentence), self._voice, drawn)
            seconds += speech.samples.numel() / self._model.config.audio.sample_rate
        return seconds


class Content(nn.Module):
    """The graph over tokens: ids to e_con and log durations."""

    def __init__(self, model: MuSpeaker) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        phones: torch.Tensor,
        stresses: torch.Tensor,
        boundaries: torch.Tensor,
        noise: torch.Tensor,
        e_sty: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        model, mask = self.model, torch.ones_like(phones, dtype=torch.bool)
        e_con = model.encode_content(TokenIds(phones, stresses, boundaries), noise, mask)
        style_mask = torch.ones_like(e_sty[..., 0], dtype=torch.bool)
        return e_con, model.variation_adapter.predict_durations(e_con, e_sty, mask, style_mask)


class Acoustic(nn.Module):
    """The graph over frames: stretched e_con to mel and F0."""

    def __init__(self, model: MuSpeaker) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, frames: torch.Tensor, e_sty: torch.Tensor, timbre: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        model, adapter = self.model, self.model.variation_adapter
        mask, style_mask = (torch.ones_like(x[..., 0], dtype=torch.bool) for x in (frames, e_sty))
        f0 = adapter.decide_f0(adapter.predict_pitch(frames, e_sty, mask, style_mask))
        energy = adapter.predict_energy(frames, e_sty, mask, style_mask)
        e_lat = adapter.embed(frames, adapter.normalize_f0(f0), energy)
        mel = model.decode_mel(e_lat, timbre, mask)
        config = model.config
        if config.mel_decoder.prompt_moments > 0:  # the timbre has no spectral map
            mel = match_moments(mel, timbre[:, config.timbre_encoder.embedding :])
        return mel, f0


class Onnx:
    """Our own network as three graphs in ONNX Runtime; what lies between them is a few lines here.

    Args:
        size: "lite" or "base".
        int8: Quantise weights and, by the range of each call, activations.
        num_threads: Of ONNX Runtime.
    """

    def __init__(self, size: str, *, int8: bool, num_threads: int = 1) -> None:
        import onnxruntime  # noqa: PLC0415 (an optional package)

        kind = "int8, dynamic quantisation" if int8 else "float32"
        self.detail = f"{size} in ONNX Runtime {onnxruntime.__version__}, {kind}"
        self._model = folded_model(size)
        self._voice = random_voice(self._model)
        self._random = np.random.default_rng(0)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._sessions = {
            name: onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            for name, path in export(self._model, int8=int8).items()
        }

    def run(self, graph: str, *inputs: torch.Tensor | np.ndarray) -> list[np.ndarray]:
        session = self._sessions[graph]
        names = [given.name for given in session.get_inputs()]
        outputs: list[np.ndarray] = session.run(
            None, {name: np.asarray(given) for name, given in zip(names, inputs, strict=True)}
        )
        return outputs

    def samples_of(self, sentence: Tokens, latent: np.ndarray, noise: Any = None) -> np.ndarray:
        """(1, samples) from the latent noise; the vocoder's noise is drawn if it is not given."""
        e_con, log_durations = self.run("content", *ids_of(sentence), latent, self._voice.style)
        adapter = self._model.variation_adapter
        durations = adapter.decide_durations(torch.from_numpy(log_durations))
        frames = np.repeat(e_con, durations[0].numpy(), axis=1)
        mel, f0 = self.run("acoustic", frames, self._voice.style, self._voice.vector)
        phase = self._model.vocoder.integrate_phase(torch.from_numpy(f0))
        if noise is None:
            noise = self._random.standard_normal(phase.shape, dtype=np.float32)
        samples = torch.from_numpy(self.run("vocoder", mel, f0, phase, noise)[0])
        config = self._model.config
        mels = torch.from_numpy(mel)
        return correct_levels(samples, mels, config.vocoder, config.audio).numpy()

    def speak(self, text: str) -> float:
        seconds = 0.0
        for sentence in sentences_of(self._model, text):
            shape = (1, len(sentence.phones), self._model.config.mel_encoder.latent)
            latent = self._random.standard_normal(shape, dtype=np.float32)
            samples = self.samples_of(sentence, np.float32(TEMPERATURE) * latent)
            seconds += samples.size / self._model.config.audio.sample_rate
        return seconds


def export(model: MuSpeaker, *, int8: bool) -> dict[str, Path]:
    """Write the three graphs with free lengths, and their int8 twins if asked for."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415  (likewise)

    sizes, audio = model.config, model.config.audio
    tokens_, frames, style = 20, 100, 50
    ids = torch.zeros(1, tokens_, dtype=torch.long)
    e_sty = torch.ones(1, style, sizes.style_encoder.hidden)
    latent = torch.ones(1, tokens_, sizes.mel_encoder.latent)
    content = torch.ones(1, frames, sizes.linguistic_encoder.hidden)
    timbre = torch.ones(1, model.timbre_projection.in_features)
    mel, f0 = torch.ones(1, audio.num_mels, frames), 120 * torch.ones(1, frames)
    noise = torch.ones(1, frames * audio.hop_samples)
    graphs: dict[str, tuple[nn.Module, dict[str, torch.Tensor], dict[str, dict[int, str]]]] = {
        "content": (
            Content(model),
            {"phones": ids, "stresses": ids, "boundaries": ids, "latent": latent, "e_sty": e_sty},
            {n: {1: "tokens"} for n in ("phones", "stresses", "boundaries", "latent")}
            | {"e_sty": {1: "style"}},
        ),
        "acoustic": (
            Acoustic(model),
            {"frames": content, "e_sty": e_sty, "timbre": timbre},
            {"frames": {1: "frames"}, "e_sty": {1: "style"}},
        ),
        "vocoder": (
            model.vocoder,
            {"mel": mel, "f0": f0, "phase": noise, "noise": noise},
            {"mel": {2: "frames"}, "f0": {1: "frames"}}
            | {n: {1: "samples"} for n in ("phase", "noise")},
        ),
    }
    paths = {}
    CACHE.mkdir(exist_ok=True)
    for name, (module, inputs, axes) in graphs.items():
        path = CACHE / f"{sizes.name}-{FORMAT_VERSION}-{name}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter, about itself
            torch.onnx.export(
                module.eval(),
                tuple(inputs.values()),
                path,
                input_names=list(inputs),
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
            if int8:
                paths[name] = path.with_suffix(".int8.onnx")
                quantize_dynamic(path, paths[name], weight_type=QuantType.QUInt8)
            else:
                paths[name] = path
    return paths


class Pieces:
    """In place of a trained tokenizer, which would have to be fetched: pieces of up to four letters."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        pieces = re.findall(r"\s?\w{1,4}|[^\w\s]|\s", text)
        return [self._ids.setdefault(piece, 1 + len(self._ids)) for piece in pieces]

    def decode(self, ids: list[int]) -> str:
        pieces = {number: piece for piece, number in self._ids.items()}
        return "".join(pieces[number] for number in ids)

    def __call__(self, text: str) -> torch.Tensor:
        return torch.tensor(self.encode(text)).unsqueeze(0)


class Pocket:
    """pocket-tts at its smallest official size, with random weights, through its own code.

    With random weights it never says that it is done, and speaks as long as it thinks the text may take.
    """

    CONFIG = "english_2m_2026-10.yaml"

    def __init__(self) -> None:
        from pocket_tts.models.tts_model import TTSModel  # noqa: PLC0415  (an optional package)
        from pocket_tts.modules import text_conditioner  # noqa: PLC0415  (likewise)
        from pocket_tts.utils.config import CONFIGS_DIR, load_config  # noqa: PLC0415  (likewise)

        config = load_config(CONFIGS_DIR / self.CONFIG).model_copy(update={"weights_path": None})
        built, text_conditioner.build_tokenizer = (
            text_conditioner.build_tokenizer,
            lambda *_, **__: Pieces(),
        )
        try:
            torch.manual_seed(0)
            self._model = TTSModel._from_pydantic_config_with_weights(
                config, config.default_temperature, 1, None, float("inf")
            )
        finally:
            text_conditioner.build_tokenizer = built
        self._model.eval()
        generator = torch.Generator().manual_seed(0)
        samples = round(PROMPT_SECONDS * self._model.sample_rate)
        prompt = 0.05 * torch.randn(1, samples, generator=generator)
        self._voice = self._model.get_state_for_audio_prompt(prompt)
        millions = sum(p.numel() for p in self._model.parameters()) / 1e6
        self.detail = (
            f"pocket-tts {version('pocket-tts')}, {Path(self.CONFIG).stem}, {millions:.1f} M "
            "parameters with the encoder, random weights, PyTorch eager"
        )

    def speak(self, text: str) -> float:
        audio = self._model.generate_audio(self._voice, text)
        return audio.shape[-1] / self._model.sample_rate


class Hibari:
    """hibari-tts with its one voice; its runtime is NumPy and ONNX Runtime."""

    def __init__(self) -> None:
        import hibari  # noqa: PLC0415  (an optional package)

        self._voice = hibari.Hibari(threads=1)
        self.detail = f"hibari-tts {version('hibari-tts')}, its one voice"

    def speak(self, text: str) -> float:
        return len(self._voice(text)) / self._voice.sample_rate


class Piper:
    """Piper with a voice that the user has; its runtime is ONNX Runtime."""

    def __init__(self) -> None:
        import onnxruntime  # noqa: PLC0415  (an optional package)
        from piper import PiperVoice  # noqa: PLC0415  (likewise)

        path = Path(os.environ[PIPER_VOICE])
        self._voice = PiperVoice.load(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._voice.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self.detail = f"piper-tts {version('piper-tts')}, {path.stem}"

    def speak(self, text: str) -> float:
        chunks = list(self._voice.synthesize(text))
        return sum(len(chunk.audio_float_array) / chunk.sample_rate for chunk in chunks)
