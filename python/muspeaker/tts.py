"""Speak: load a model, clone a voice, turn text into speech."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from muspeaker.many import share_out, stereo_places, with_speaker
from muspeaker.options import (
    PAUSE_RANGE,
    SynthesisOptions,
    check_number,
    conversion_options,
    sentence_seed,
)
from muspeaker.sound.audio import Audio
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.recording import read_prompt, read_source, resample
from muspeaker.sound.span import Span, begun_between
from muspeaker.stream import SpeechStream
from muspeaker.text.symbols import PAUSE
from muspeaker.text.utterances import (
    MAX_TEXT_CHARACTERS,
    Reading,
    Utterance,
    join_utterances,
    model_language,
    read_text,
)
from muspeaker.threads import available_cores, check_threads, default_threads
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Sequence
    from typing import Unpack

    from muspeaker import _core
    from muspeaker.options import ConversionFields, OptionFields
    from muspeaker.text.phonemize import Tokens


__all__ = ["DEFAULT_MODEL", "MAX_TEXT_CHARACTERS", "Synthesizer", "load"]

DEFAULT_MODEL = Path(__file__).parent / "models" / "lite-q8.bin"
TIMBRE_RATE_HZ = 16000  # of the Kaldi features, whatever the model


def load(
    model: str | os.PathLike[str] | None = None, *, num_threads: int | None = None
) -> Synthesizer:
    """Load a model file: f32, f16 or q8, all through this call.

    Args:
        model: Path of the file; None is the model that ships with the package.
        num_threads: Threads of the engine, 1 to 256; None takes `default_threads()`. The samples do
            not depend on it.

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
    """

    def __init__(self, engine: _core.Synthesizer, num_threads: int = 1) -> None:
        self._engine = engine
        self.num_threads = num_threads
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

    def fork(self, num_threads: int = 1) -> Synthesizer:
        """Another of the same model, with threads of its own.

        The two share the weights and speak at once, where calls of one take turns.

        Raises:
            TypeError: If num_threads is no int.
            ValueError: If it is out of range.
        """
        check_threads(num_threads)
        return Synthesizer(self._engine.fork(num_threads), num_threads)

    def clone(self, prompt: object, *, name: str | None = None, consent: str = "") -> Voice:
        """Make a voice from a recording of one speaker.

        Args:
            prompt: A path to a sound file, or (samples, sample_rate) with samples (samples,) or
                (samples, channels) of any integer or floating dtype, or an Audio. Any rate is
                resampled and channels are averaged. At least 1 s; the first 30 s are used, and 5 to 15 s
                of clean speech do best.
            name: Of the voice; by default the name of the file.
            consent: A note of who agreed to this, kept with the voice.

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
        return Voice(
            timbre,
            style,
            name=name,
            fingerprint=self.fingerprint,
            consent=consent,
            embedding=self.config.get("timbre_encoder.embedding"),
        )

    def synthesize(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> Audio:
        """Speak a text in a voice.

        Args:
            text: At most 50,000 characters; sentence after sentence is spoken, with pauses by
                punctuation and paragraphs, and where a mark such as `[pause 0.5s]` asks for one.
            voice: From `clone` or `Voice.load`, of this model.
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
        """
        chosen = _options(options)
        return Audio.join(
            self._speak_all(self._plan(text, voice, chosen), voice, chosen, whole=True)
        )

    def stream(self, text: str, voice: Voice, **options: Unpack[OptionFields]) -> SpeechStream:
        """Speak a text in chunks, as they are ready; joined they equal `synthesize`.

        Takes the arguments of `synthesize` and checks them before it returns.
        """
        chosen = _options(options)
        utterances = self._plan(text, voice, chosen)
        chunks = self._speak_all(utterances, voice, chosen)
        return SpeechStream(chunks, sum(len(u.tokens.words) for u in utterances))

    async def astream(
        self, text: str, voice: Voice, **options: Unpack[OptionFields]
    ) -> AsyncIterator[Audio]:
        """`stream` for asyncio: nothing here blocks the event loop.

        Arguments are checked when the first chunk is asked for. When the task is cancelled, or the
        iteration is left and closed, the chunk at work is finished in its thread and no other begun.
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
        """Speak many texts, several sentences at once; the threads share the model.

        Args:
            texts: Each as in `synthesize`. All are checked before the first is spoken.
            voice: One for all, or one for each text.
            num_workers: Sentences at once, each on a thread; None is as many as there are cores.
            options: As in `synthesize`, for all.

        Returns:
            One Audio for each text, with the samples that `synthesize` gives.

        Raises:
            TypeError: If texts is a single string, or as in `synthesize`.
            ValueError: If there are not as many voices as texts, or as in `synthesize`, with the number
                of the text.
        """
        num_workers = available_cores() if num_workers is None else num_workers
        check_threads(num_workers, "num_workers")
        chosen = _options(options)
        written = _listed(texts, "texts")
        voices = [voice] * len(written) if isinstance(voice, Voice) else _listed(voice, "voice")
        if len(voices) != len(written):
            raise ValueError(
                f"expected {len(written)} voices, one for each text, got {len(voices)}"
            )
        plans = [
            self._plan_of(number, *item, chosen)
            for number, item in enumerate(zip(written, voices, strict=True))
        ]
        jobs = list(zip(plans, voices, strict=True))
        return self._speak_at_once(jobs, chosen, num_workers)

    def dialogue(
        self,
        turns: Iterable[tuple[Voice, str]],
        *,
        stereo: bool = False,
        gap: float = 0.3,
        **options: Unpack[OptionFields],
    ) -> Audio:
        """Speak in turns.

        Args:
            turns: (voice, text) pairs. All are checked before the first is spoken.
            stereo: Place the voices from left to right, in the order in which they first speak.
            gap: Silence between turns in seconds, 0 to 10.
            options: As in `synthesize`, for all turns.

        Returns:
            One recording; its words name their speaker. A turn has the samples that `synthesize` gives.

        Raises:
            TypeError: If a turn is no pair, or as in `synthesize`.
            ValueError: If there is no turn, or as in `synthesize`, with the number of the turn.
        """
        chosen = _options(options)
        check_number("gap", gap, PAUSE_RANGE)
        pairs = [_checked_turn(turn, number) for number, turn in enumerate(_listed(turns, "turns"))]
        if not pairs:
            raise ValueError("expected at least one turn, got none")
        plans = [
            self._plan_of(number, text, voice, chosen) for number, (voice, text) in enumerate(pairs)
        ]
        places = stereo_places([voice for voice, _ in pairs])
        silence = self._silence(gap)
        parts: list[Audio] = []
        for (voice, _), plan in zip(pairs, plans, strict=True):
            chunks = self._speak_all(plan, voice, chosen, whole=True)
            spoken = with_speaker(Audio.join(chunks), voice.name)
            parts += [spoken.panned(places[voice]) if stereo else spoken]
            parts += [silence.panned(0.0) if stereo else silence]
        return Audio.join(parts[:-1])

    def convert(
        self, source: object, voice: Voice, text: str, **options: Unpack[ConversionFields]
    ) -> Audio:
        """Say again what a recording says, in another voice.

        Durations, melody and loudness are the recording's; the melody is moved into the register that
        the voice would speak the text in.

        Args:
            source: A recording of one speaker, 0.3 to 60 s, in any form that `clone` takes.
            voice: From `clone` or `Voice.load`, of this model.
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
        chosen = conversion_options(options)
        if not {"phone_classifier.hidden", "aligner.num_cepstra"} & self.config.keys():
            raise ValueError(
                "this model file has no phone classifier and no aligner, one of which converting "
                "needs: expected one that was exported with it"
            )
        tokens = join_utterances(self._plan(text, voice, chosen))
        samples, rate_hz = read_source(source)
        heard = normalize_loudness(resample(samples, rate_hz, self.sample_rate))
        samples, durations = self._engine.convert(
            heard,
            tokens.phones,
            tokens.stresses,
            tokens.boundaries,
            voice.timbre,
            voice.style,
            pitch=float(chosen.pitch),
            energy=float(chosen.energy),
            seed=chosen.drawn_seed(),
        )
        return Audio(samples, self.sample_rate, *self._spans(tokens, durations))

    def _speak_at_once(
        self,
        jobs: list[tuple[list[Utterance], Voice]],
        options: SynthesisOptions,
        num_workers: int,
    ) -> list[Audio]:
        """Whole texts, their utterances shared out among single-threaded forks."""
        passes = [
            (utterance, voice, sentence_seed(seed, index))
            for plan, voice in jobs
            for seed in [options.drawn_seed()]
            for index, utterance in enumerate(plan)
        ]

        def speak(fork: Synthesizer, given: tuple[Utterance, Voice, int]) -> list[Audio]:
            utterance, voice, seed = given
            return list(fork._speak_one(utterance, voice, options, seed))

        forks = [self.fork() for _ in range(min(num_workers, len(passes)))]
        spoken = iter(share_out(passes, forks, speak))
        return [Audio.join([part for _ in plan for part in next(spoken)]) for plan, _ in jobs]

    def _speak_all(
        self, plan: list[Utterance], voice: Voice, options: SynthesisOptions, *, whole: bool = False
    ) -> Generator[Audio]:
        seed = options.drawn_seed()
        for index, utterance in enumerate(plan):
            own = sentence_seed(seed, index)
            yield from self._speak_one(utterance, voice, options, own, whole=whole)

    def _silence(self, seconds: float) -> Audio:
        return Audio(np.zeros(round(seconds * self.sample_rate), np.float32), self.sample_rate)

    def _speak_one(
        self,
        planned: Utterance,
        voice: Voice,
        options: SynthesisOptions,
        seed: int,
        *,
        whole: bool = False,
    ) -> Generator[Audio]:
        """One pass of the engine, then its samples as they are ready, or `whole`, with the silence around.

        A word or phone goes with the chunk it begins in, which it may outlast.
        """
        if planned.silence_before:
            yield self._silence(planned.silence_before)
        utterance = planned.tokens
        spoken = self._engine.start(
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
        words, phones = self._spans(utterance, spoken.durations)
        whole = whole and self.num_threads > 1  # on one it would only be a longer turn
        given = 0  # samples
        while (samples := spoken.next_chunk(whole)) is not None:
            begin, given = given / self.sample_rate, given + len(samples)
            last = given == spoken.num_samples
            if last:
                samples = np.concatenate([samples, self._silence(planned.silence_after).samples])
            end = math.inf if last else given / self.sample_rate
            yield Audio(
                samples,
                self.sample_rate,
                begun_between(words, begin, end),
                begun_between(phones, begin, end),
            )

    def _spans(self, utterance: Tokens, durations: Any) -> tuple[list[Span], list[Span]]:
        ends = (
            np.cumsum(np.asarray(durations, dtype=np.int64)) * self._hop_samples / self.sample_rate
        )
        edges = [0.0, *ends.tolist()]
        words = [
            Span(word.text, edges[word.start], edges[word.end], word.mark)
            for word in utterance.words
        ]
        phones = [
            Span(self.symbols[phone], edges[index], edges[index + 1])
            for index, phone in enumerate(utterance.phones.tolist())
            if utterance.boundaries[index] != PAUSE
        ]
        return words, phones

    def _plan(self, text: object, voice: object, options: SynthesisOptions) -> list[Utterance]:
        """Check what is asked for, and cut it into passes of the engine."""
        self._check_voice(voice, "voice")
        if options.style is not None:
            self._check_voice(options.style, "style")
        reading = Reading(
            symbols=self.symbols,
            language=model_language(options.language, self.languages),
            phonemes=options.phonemes,
            speed=float(options.speed),
            pause=None if options.pause is None else float(options.pause),
        )
        return read_text(text, reading)

    def _plan_of(
        self, number: int, text: object, voice: object, options: SynthesisOptions
    ) -> list[Utterance]:
        """`_plan` of one text among many; its errors say which."""
        try:
            return self._plan(text, voice, options)
        except (TypeError, ValueError) as error:
            raise type(error)(f"text {number}: {error}") from error

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


def _listed(items: object, name: str) -> list[Any]:
    if isinstance(items, (str, bytes)) or not isinstance(items, Iterable):
        raise TypeError(f"{name} must be a list, got {type(items).__name__}")
    return list(items)


def _checked_turn(turn: object, number: int) -> tuple[Voice, str]:
    if not isinstance(turn, (tuple, list)) or len(turn) != 2:
        raise TypeError(f"turn {number} must be a pair of Voice and text, got {turn!r:.80}")
    return turn[0], turn[1]
