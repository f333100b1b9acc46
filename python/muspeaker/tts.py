"""Speak: load a model, clone a voice, turn text into speech."""

from __future__ import annotations

import os
import threading
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from muspeaker.audio import Audio, Span, read_prompt, resample
from muspeaker.loudness import normalize_loudness
from muspeaker.options import SynthesisOptions, sentence_seed
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import Tokens, canonical_language, tokens
from muspeaker.text.sentences import Sentence, split_sentences
from muspeaker.text.symbols import PAUSE
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from muspeaker import _core
    from muspeaker.options import OptionFields

DEFAULT_MODEL = Path(__file__).parent / "models" / "lite-q8.bin"
TIMBRE_RATE_HZ = 16000  # of the Kaldi features, whatever the model
MAX_TEXT_CHARACTERS = 50_000
MAX_TOKENS = 400
MAX_THREADS = 256


def load(
    model: str | os.PathLike[str] | None = None, *, num_threads: int | None = None
) -> Synthesizer:
    """Load a model file: f32, f16 or q8, all through this call.

    Args:
        model: Path of the file; None is the model that ships with the package.
        num_threads: Threads of the engine, 1 to 256; None takes the cores at hand, at most 4. The
            samples do not depend on it.

    Raises:
        FileNotFoundError: If the file does not exist.
        ModelFileError: If it is truncated, foreign, damaged or of a newer format.
        TypeError: If an argument has another type.
        ValueError: If num_threads is out of range.
    """
    path = _model_path(model)
    if num_threads is None:
        num_threads = min(
            4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        )
    if isinstance(num_threads, bool) or not isinstance(num_threads, int):
        raise TypeError(f"num_threads must be an int, got {type(num_threads).__name__}")
    if not 1 <= num_threads <= MAX_THREADS:
        raise ValueError(f"num_threads must be 1 to {MAX_THREADS}, got {num_threads}")
    from muspeaker import _core  # noqa: PLC0415 (the engine is loaded with the first model)

    return Synthesizer(_core.Synthesizer(str(path), num_threads))


def _model_path(model: object) -> Path:
    if model is None:
        if not DEFAULT_MODEL.exists():
            raise FileNotFoundError(
                f"no model ships with this build: {str(DEFAULT_MODEL)!r} is missing"
            )
        return DEFAULT_MODEL
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model must be a path, got {type(model).__name__}")
    path = Path(os.fspath(model))
    if not path.exists():
        raise FileNotFoundError(f"model file {str(path)!r} does not exist")
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder: expected a model file")
    return path


class Synthesizer:
    """One loaded model. Calls from several threads are safe and take turns.

    Made by `load`.
    """

    def __init__(self, engine: _core.Synthesizer) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        config = cast("dict[str, Any]", engine.config)
        self.config: dict[str, Any] = dict(config)
        self.sample_rate: int = int(config["audio.sample_rate"])
        self.symbols: tuple[str, ...] = tuple(config["symbols"])
        self.languages: tuple[str, ...] = tuple(config["languages"])
        self.fingerprint: str = str(config["fingerprint"])
        self.num_parameters: int = int(engine.num_parameters)
        self._hop_samples: int = int(config["audio.hop_samples"])

    def __repr__(self) -> str:
        name, weight_type = self.config.get("name", "?"), self.config.get("weight_type", "?")
        return f"Synthesizer({name!r}, {weight_type}, {self.num_parameters / 1e6:.1f} M parameters)"

    def clone(self, prompt: object, *, name: str | None = None) -> Voice:
        """Make a voice from a recording of one speaker.

        Args:
            prompt: A path to a sound file, or (samples, sample_rate) with samples (samples,) or
                (samples, channels) of any integer or floating dtype, or an Audio. Any rate is
                resampled and channels are averaged. At least 1 s; the first 30 s are used, and 5 to 15 s
                of clean speech do best.
            name: Of the voice; by default the name of the file.

        Raises:
            FileNotFoundError: If the file does not exist.
            TypeError: If the prompt is of another type or dtype.
            ValueError: If it is no sound, shorter than 1 s, silent, misshapen or not finite.
        """
        samples, rate_hz = read_prompt(prompt)
        if name is None:
            name = Path(prompt).stem if isinstance(prompt, (str, os.PathLike)) else "voice"
        heard = normalize_loudness(resample(samples, rate_hz, self.sample_rate))
        heard_16k = resample(heard, self.sample_rate, TIMBRE_RATE_HZ)
        with self._lock:
            timbre, style = self._engine.clone(heard, heard_16k)
        return Voice(timbre, style, name=name, fingerprint=self.fingerprint)

    def synthesize(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> Audio:
        """Speak a text in a voice.

        Args:
            text: At most 50,000 characters; sentence after sentence is spoken, with pauses by
                punctuation and paragraphs.
            voice: From `clone` or `Voice.load`, of this model.
            options: `speed` (0.5 to 2), `pitch` (semitones), `energy` (gain), `temperature` (0.667),
                `seed` (0; None draws one), `language` ("en-us"), `phonemes` (the text is IPA) and
                `style` (a Voice whose manner is taken); see `SynthesisOptions`.

        Returns:
            The speech; the same model, text, voice and options give the same samples.

        Raises:
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the text is empty or has nothing to speak, the language is unknown, a number
                is out of range, or the voice belongs to another model.
        """
        return Audio.join(self.stream(text, voice, **options))

    def stream(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> Iterator[Audio]:
        """Speak a text in chunks, as they are ready; joined they equal `synthesize`.

        Takes the arguments of `synthesize` and checks them before it returns.
        """
        chosen = _options(options)
        self._check_voice(voice, "voice")
        if chosen.style is not None:
            self._check_voice(chosen.style, "style")
        utterances = self._utterances(text, chosen)
        return self._speak_all(utterances, voice, chosen)

    def _speak_all(
        self, utterances: list[tuple[Tokens, float]], voice: Voice, options: SynthesisOptions
    ) -> Iterator[Audio]:
        seed = options.drawn_seed()
        for index, (utterance, pause_seconds) in enumerate(utterances):
            yield self._speak(utterance, pause_seconds, voice, options, sentence_seed(seed, index))

    def _speak(
        self,
        utterance: Tokens,
        pause_seconds: float,
        voice: Voice,
        options: SynthesisOptions,
        seed: int,
    ) -> Audio:
        """One pass of the engine, with the silence after it."""
        with self._lock:
            samples, durations = self._engine.synthesize(
                utterance.phones,
                utterance.stresses,
                utterance.boundaries,
                voice.timbre,
                (options.style or voice).style,
                speed=float(options.speed),
                pitch=float(options.pitch),
                energy=float(options.energy),
                temperature=float(options.temperature),
                seed=seed,
            )
        silence = np.zeros(round(pause_seconds / options.speed * self.sample_rate), np.float32)
        samples = np.concatenate([samples, silence]).astype(np.float32, copy=False)
        words, phones = self._spans(utterance, durations)
        return Audio(samples, self.sample_rate, words, phones)

    def _spans(self, utterance: Tokens, durations: Any) -> tuple[list[Span], list[Span]]:
        ends = (
            np.cumsum(np.asarray(durations, dtype=np.int64)) * self._hop_samples / self.sample_rate
        )
        edges = [0.0, *ends.tolist()]
        words = [Span(word.text, edges[word.start], edges[word.end]) for word in utterance.words]
        phones = [
            Span(self.symbols[phone], edges[index], edges[index + 1])
            for index, phone in enumerate(utterance.phones.tolist())
            if utterance.boundaries[index] != PAUSE
        ]
        return words, phones

    def _utterances(self, text: object, options: SynthesisOptions) -> list[tuple[Tokens, float]]:
        """Every sentence as tokens, with the pause after it in seconds."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, got {type(text).__name__}")
        if not text.strip():
            raise ValueError("text is empty")
        if len(text) > MAX_TEXT_CHARACTERS:
            raise ValueError(
                f"text is too long: expected at most {MAX_TEXT_CHARACTERS} characters, got {len(text)}"
            )
        language = self._language(options.language)
        written = text if options.phonemes else normalize(text, language)
        utterances = [
            pair
            for sentence in split_sentences(written)
            for pair in self._bounded(sentence, language, options.phonemes)
        ]
        if not utterances:
            shown = text if len(text) <= 40 else f"{text[:40]}…"
            raise ValueError(
                f"nothing to speak in {shown!r}: expected words, or phones of the model"
            )
        return utterances

    def _bounded(
        self, sentence: Sentence, language: str, phonemes: bool
    ) -> Iterator[tuple[Tokens, float]]:
        """The sentence, in halves where numbers made it too long, and nothing if it is mute."""
        utterance = tokens(sentence.text, language, self.symbols, phonemes=phonemes)
        if len(utterance.phones) <= MAX_TOKENS or len(sentence.text) < 2:
            if utterance.has_speech:
                yield utterance, sentence.pause_seconds
            return
        pieces = split_sentences(sentence.text, (len(sentence.text) + 1) // 2)
        pauses = [piece.pause_seconds for piece in pieces[:-1]] + [sentence.pause_seconds]
        for piece, pause in zip(pieces, pauses, strict=False):
            yield from self._bounded(Sentence(piece.text, pause), language, phonemes)

    def _language(self, language: str | None) -> str:
        """The tag for espeak-ng, one that this model was trained for."""
        if language is None:
            return self.languages[0]
        tag = canonical_language(language)
        known = {known.split("-")[0] for known in self.languages}
        if tag.split("-")[0] not in known:
            spoken = ", ".join(self.languages)
            raise ValueError(f"language {language!r} is not one of this model's: expected {spoken}")
        return tag

    def _check_voice(self, voice: object, name: str) -> None:
        if not isinstance(voice, Voice):
            raise TypeError(f"{name} must be a Voice, got {type(voice).__name__}")
        if voice.fingerprint != self.fingerprint:
            raise ValueError(
                f"{name} {voice.name!r} was made by model {voice.fingerprint or '(none)'}, this is "
                f"{self.fingerprint}: clone it again with this model"
            )


def _options(given: OptionFields) -> SynthesisOptions:
    known = [field.name for field in fields(SynthesisOptions)]
    for name in given:
        if name not in known:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(known)}")
    return SynthesisOptions(**given)
