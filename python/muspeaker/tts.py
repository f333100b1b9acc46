"""Speak: load a model, clone a voice, turn text into speech."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muspeaker.config import FBANK_RATE_HZ
from muspeaker.many import speak_batch, speak_dialogue
from muspeaker.options import ConversionFields, checked_options
from muspeaker.sound.audio import Audio
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.prompt import checked_prompt
from muspeaker.sound.recording import read_prompt, read_source, resample
from muspeaker.stream import SpeechEngine, SpeechStream, checked_samples
from muspeaker.text.passages import MAX_TEXT_CHARACTERS, join_passages
from muspeaker.threads import available_cores, check_threads, default_threads
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from typing import Unpack

    from muspeaker import _core
    from muspeaker.options import OptionFields
    from muspeaker.sound.recording import RecordingLike

__all__ = ["DEFAULT_MODEL", "MAX_TEXT_CHARACTERS", "Synthesizer", "load"]

DEFAULT_MODEL = Path(__file__).parent / "models" / "lite-q8.bin"


def load(
    model: str | os.PathLike[str] | None = None, *, num_threads: int | None = None
) -> Synthesizer:
    """Load a model file: f32, f16 or q8, all through this call.

    Args:
        model: Path of the file; None is the model that ships with the package.
        num_threads: Threads of the engine, 1 to 256; None is 1 on up to two cores, else half of them.
            The samples do not depend on it.

    Raises:
        FileNotFoundError: If the file does not exist.
        ModelFileError: If it is truncated, foreign, damaged or of a newer format.
        TypeError: If an argument has another type.
        ValueError: If num_threads is out of range.
    """
    path = _model_path(model)
    if num_threads is None:
        num_threads = default_threads()
    check_threads(num_threads)
    from muspeaker import _core  # noqa: PLC0415 (the engine is loaded with the first model)

    return Synthesizer(_core.Synthesizer(str(path), num_threads), num_threads)


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

    Attributes:
        config: Header of the model file: keys such as `audio.sample_rate`.
        num_threads: Threads of the engine.
        num_parameters: Number of weights.
        sample_rate: Samples per second of the speech.
        symbols: Phones that the model knows; index 0 is silence.
        languages: Tags of the languages that the model was trained for.
        fingerprint: Identifies the model; voices carry it too.
    """

    def __init__(self, engine: _core.Synthesizer, num_threads: int = 1) -> None:
        self._speech = SpeechEngine(engine, num_threads)
        self.num_threads = num_threads
        self.config: dict[str, Any] = dict(engine.config)
        self.sample_rate: int = self._speech.sample_rate
        self.symbols: tuple[str, ...] = self._speech.config.symbols
        self.languages: tuple[str, ...] = self._speech.config.languages
        self.fingerprint: str = self._speech.fingerprint
        self.num_parameters: int = int(engine.num_parameters)

    def __repr__(self) -> str:
        name, weight_type = self.config.get("name", "?"), self.config.get("weight_type", "?")
        return f"Synthesizer({name!r}, {weight_type}, {self.num_parameters / 1e6:.1f} M parameters)"

    @property
    def _engine(self) -> _core.Synthesizer:
        return self._speech.core

    @property
    def timings(self) -> dict[str, float]:
        """CPU seconds of each part of the engine since the model was loaded, all threads together."""
        return dict(self._engine.timings)

    def fork(self, num_threads: int = 1) -> Synthesizer:
        """Another Synthesizer of the same model, with threads of its own.

        The two share the weights and speak at the same time, where calls of one take turns.

        Raises:
            TypeError: If num_threads is no int.
            ValueError: If it is out of range.
        """
        check_threads(num_threads)
        return Synthesizer(self._engine.fork(num_threads), num_threads)

    def clone(self, prompt: RecordingLike, *, name: str | None = None, consent: str = "") -> Voice:
        """Make a voice from a recording of one speaker.

        Args:
            prompt: A path to a sound file, or (samples, sample_rate) with samples (samples,) or
                (samples, channels) of any integer or floating dtype, or an Audio. Any rate is
                resampled, channels are averaged, and what lies below speech is taken away. At least
                1 s of speech; the first 30 s are used. 5 to 15 s of clean speech do best.
            name: Name of the voice. Defaults to the file name, or "voice" where there is no file.
            consent: Note of who agreed to the cloning, kept with the voice.

        Raises:
            FileNotFoundError: If the file does not exist.
            TypeError: If the prompt is of another type or dtype.
            ValueError: If it is no sound, has less than 1 s of speech, is silent, misshapen or not finite.

        Warns:
            PromptWarning: If the clone will suffer from the recording: little speech, a telephone, noise
                or clipping.
        """
        samples, rate_hz = read_prompt(prompt)
        if name is None:
            name = Path(prompt).stem if isinstance(prompt, (str, os.PathLike)) else "voice"
        samples = checked_prompt(samples, rate_hz)
        heard = normalize_loudness(resample(samples, rate_hz, self.sample_rate))
        vector, style = self._engine.clone(heard, resample(heard, self.sample_rate, FBANK_RATE_HZ))
        return Voice(
            vector,
            style,
            name=name,
            fingerprint=self.fingerprint,
            consent=consent,
            embedding=self._speech.config.timbre_encoder.embedding,
        )

    def synthesize(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> Audio:
        """Speak a text in a voice.

        Args:
            text: Text of at most 50,000 characters. It is spoken sentence by sentence, with pauses at
                punctuation, between paragraphs, and at marks such as `[pause 0.5s]`.
            voice: Voice of this model, from `clone` or `Voice.load`.
            options: `speed` (0.5 to 2), `pitch` (semitones), `energy` (gain), `temperature` (0.2),
                `seed` (0; None draws one), `language` ("en-us"), `phonemes` (the text is IPA),
                `style` (a Voice whose manner is taken) and `pause` (seconds between sentences); see
                `SynthesisOptions`.

        Returns:
            The speech; the same model, text, voice and options give the same samples.

        Raises:
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the text is empty or has nothing to speak, the language is unknown, a number
                is out of range, or the voice belongs to another model.
            RuntimeError: If the model file or the voice is damaged, so that no speech comes of it.
        """
        chosen = checked_options(options)
        plan = self._speech.plan(text, voice, chosen)
        return Audio.join(self._speech.speak(plan, voice, chosen, whole=True))

    def stream(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> SpeechStream:
        """Speak a text in chunks, as they are ready; joined they equal `synthesize`.

        Takes the arguments of `synthesize` and checks them before it returns.
        """
        chosen = checked_options(options)
        plan = self._speech.plan(text, voice, chosen)
        num_words = sum(len(passage.tokens.words) for passage in plan)
        return SpeechStream(self._speech.speak(plan, voice, chosen), num_words)

    async def astream(
        self, text: str, voice: Voice, **options: Unpack[OptionFields]
    ) -> AsyncIterator[Audio]:
        """`stream` for asyncio: nothing here blocks the event loop.

        Arguments are checked when the first chunk is asked for. When the task is cancelled, or the iterator
        is closed, the current chunk is finished in its thread and no other is begun.
        """
        chunks = await asyncio.to_thread(self.stream, text, voice, **options)
        try:
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield chunk
        finally:
            chunks.close()

    def synthesize_batch(
        self,
        texts: Iterable[str],
        voice: Voice | Sequence[Voice],
        *,
        num_workers: int | None = None,
        **options: Unpack[OptionFields],
    ) -> list[Audio]:
        """Speak many texts, several sentences at the same time, by threads that share the model.

        Args:
            texts: Texts as in `synthesize`. All are checked before the first is spoken.
            voice: One voice for all texts, or a list with one for each.
            num_workers: Number of sentences at once, each on a thread; None is the number of cores.
            options: Options as in `synthesize`, for all texts.

        Returns:
            One Audio for each text, with the samples that `synthesize` gives.

        Raises:
            TypeError: If texts is a single string, or as in `synthesize`.
            ValueError: If there are not as many voices as texts, or as in `synthesize`, with the number
                of the text.
        """
        num_workers = available_cores() if num_workers is None else num_workers
        check_threads(num_workers, "num_workers")
        return speak_batch(self._speech, texts, voice, checked_options(options), num_workers)

    def dialogue(
        self,
        turns: Iterable[tuple[Voice, str]],
        *,
        stereo: bool = False,
        gap: float = 0.3,
        **options: Unpack[OptionFields],
    ) -> Audio:
        """Speak a dialogue, turn by turn.

        Args:
            turns: Pairs of voice and text. All are checked before the first is spoken.
            stereo: Whether to place the voices from left to right, in the order in which they first speak.
            gap: Silence between turns in seconds, 0 to 10.
            options: Options as in `synthesize`, for all turns.

        Returns:
            One recording; its words name their speaker. A turn has the samples that `synthesize` gives.

        Raises:
            TypeError: If a turn is no pair, or as in `synthesize`.
            ValueError: If there is no turn, or as in `synthesize`, with the number of the turn.
        """
        chosen = checked_options(options)
        return speak_dialogue(self._speech, turns, chosen, stereo=stereo, gap=gap)

    def convert(
        self, source: RecordingLike, voice: Voice, text: str, **options: Unpack[ConversionFields]
    ) -> Audio:
        """Speak the words of a recording in another voice.

        Durations, melody and loudness are the recording's; the melody is moved into the register that
        the voice would speak the text in.

        Args:
            source: A recording of one speaker, 0.3 to 60 s, in any form that `clone` takes.
            voice: Voice of this model, from `clone` or `Voice.load`.
            text: What the recording says, word by word.
            options: `pitch` (semitones), `energy` (gain), `seed`, `language` and `phonemes`, as in
                `synthesize`.

        Returns:
            As long as the source, with the times of the words in it.

        Raises:
            FileNotFoundError: If the source is a file that does not exist.
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the model has no part that places phones, or the source cannot be used, or is too short for
                the text, or as in `synthesize`.
        """
        chosen = checked_options(options, ConversionFields)
        if not (self._speech.config.phone_classifier or self._speech.config.aligner):
            raise ValueError(
                "this model file has no phone classifier and no aligner, one of which converting "
                "needs: expected one that was exported with it"
            )
        tokens = join_passages(self._speech.plan(text, voice, chosen))
        recording, rate_hz = read_source(source)
        samples, durations = self._engine.convert(
            normalize_loudness(resample(recording, rate_hz, self.sample_rate)),
            tokens.ids,
            voice.vector,
            voice.style,
            pitch=float(chosen.pitch),
            energy=float(chosen.energy),
            seed=chosen.drawn_seed(),
        )
        spans = self._speech.spans(tokens, durations)
        return Audio(checked_samples(samples), self.sample_rate, *spans)
