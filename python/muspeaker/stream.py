"""Speech in chunks: the engine's samples and durations as Audio with the times of words and phones."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.config import config_from_header
from muspeaker.decoder_changes import for_engine, shapes_of
from muspeaker.forks import EngineOfProcess, keep_usable
from muspeaker.options import bounded, sentence_seed
from muspeaker.sound.audio import Audio
from muspeaker.sound.edges import FADE_SECONDS, MOST_AFTER_SECONDS, EdgeTrimmer, NoiseGate
from muspeaker.sound.loudness import DEFAULT_LUFS, Leveller
from muspeaker.sound.peaks import PeakLimiter
from muspeaker.sound.span import Span, retime, spoken
from muspeaker.text import phonemize
from muspeaker.text.passages import Passage, Reading, model_language, read_text
from muspeaker.text.symbols import PAUSE
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from muspeaker import _core
    from muspeaker.options import SynthesisOptions
    from muspeaker.text.tokens import Tokens

keep_usable(phonemize._LOCK)

SILENCE_BEFORE_FRAMES = 2  # with which the engine begins an utterance (csrc/engine/edges.h)


class SpeechStream(Iterator[Audio]):
    """Chunks of speech as they are ready; joined they are the whole.

    Attributes:
        num_words: Number of words in all chunks together, for showing progress.
    """

    def __init__(self, chunks: Generator[Audio], num_words: int) -> None:
        self._chunks = chunks
        self.num_words = num_words

    def __next__(self) -> Audio:
        return next(self._chunks)

    def close(self) -> None:
        """Speak no further chunk. One that another thread works on is still finished."""
        with suppress(ValueError):  # "generator already executing": it is dropped with that call
            self._chunks.close()


class SpeechEngine:
    """The C++ engine, and what its numbers mean: cuts a text into passages and speaks them.

    Attributes:
        num_threads: Threads of the engine.
        config: Sizes of the model.
        fingerprint: Identifies the model; voices carry it too.
    """

    def __init__(self, core: _core.Synthesizer, num_threads: int) -> None:
        self._core = EngineOfProcess(core, num_threads)
        self.num_threads = num_threads
        header = core.config
        self.config = config_from_header(header)
        self.fingerprint = str(header["fingerprint"])

    @property
    def core(self) -> _core.Synthesizer:
        """The C++ engine. Its calls take turns by themselves."""
        return self._core.get()

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.config.audio.sample_rate

    def fork(self, num_threads: int = 1) -> SpeechEngine:
        """Another engine of the same weights, with threads of its own."""
        forked = copy.copy(self)
        forked._core = EngineOfProcess(self.core.fork(num_threads), num_threads)
        forked.num_threads = num_threads
        return forked

    def plan(self, text: object, voice: object, options: SynthesisOptions) -> list[Passage]:
        """Check what is asked for, and cut the text into passages.

        Where the options name no language, the voice's own is read.

        Raises:
            TypeError: If the text is no string, or a voice no Voice.
            ValueError: If the text cannot be spoken, or a voice belongs to another model.
        """
        speaker = self.check_voice(voice, "voice")
        if options.style_voice is not None:
            self.check_voice(options.style_voice, "style")
        reading = Reading(
            symbols=self.config.symbols,
            language=self.language_of(speaker, options),
            phonemes=options.phonemes,
            speed=options.pace,
            pause=None if options.pause is None else float(options.pause),
            lexicon=options.lexicon,
            ssml=options.ssml,
            skip_unreadable=options.skip_unreadable,
            emoji=options.emoji,
        )
        return read_text(text, reading)

    def language_of(self, voice: Voice, options: SynthesisOptions) -> str:
        """The language that is read: the one asked for, else the voice's own, else the model's first.

        Raises:
            TypeError: If the language that is asked for is no string.
            ValueError: If espeak-ng or the model does not know it.
        """
        asked = options.language
        return model_language(
            (voice.language or None) if asked is None else asked, self.config.languages
        )

    def check_voice(self, voice: object, name: str) -> Voice:
        """The voice; raises TypeError if this is no Voice, ValueError if no voice of this model.

        A file may name the model and hold something else: sizes are looked at too, before anything is spoken.
        """
        if not isinstance(voice, Voice):
            raise TypeError(f"{name} must be a Voice, got {type(voice).__name__}")
        if voice.fingerprint != self.fingerprint:
            raise ValueError(
                f"{name} {voice.name!r} was made by model {voice.fingerprint or '(none)'}, this is "
                f"{self.fingerprint}: clone it again with this model"
            )
        config = self.config
        style = voice.style.shape
        sizes = (len(voice.vector), style[1] if len(style) == 2 else f"a style of shape {style}")
        expected = (config.voice_size, config.style_encoder.hidden)
        changes = voice.changes
        if sizes != expected or (changes is not None and changes.shapes != self._decoder_shapes):
            raise ValueError(
                f"{name} {voice.name!r} names this model and has other sizes: expected a vector of "
                f"{expected[0]}, a style of {expected[1]} and changes as large as the decoder, got "
                f"{sizes[0]}, {sizes[1]} and "
                f"{'no changes' if changes is None else f'{len(changes.codes)} changes'}: clone it again"
            )
        return voice

    @cached_property
    def _decoder_shapes(self) -> tuple[tuple[int, int], ...]:
        """`DecoderChanges.shapes` of this model."""
        return shapes_of(self.core.decoder_weights())

    def speak(
        self,
        plan: list[Passage],
        voice: Voice,
        options: SynthesisOptions,
        *,
        whole: bool = False,
    ) -> Generator[Audio]:
        """Speak passage after passage, each with a seed of its own.

        Args:
            plan: Passages from `plan`.
            voice: Voice that speaks.
            options: Options that were given to `plan`.
            whole: Whether a passage may come as one chunk, for a caller who does not listen meanwhile.
        """
        seed = options.drawn_seed()
        for index, passage in enumerate(plan):
            own_seed = sentence_seed(seed, index)
            yield from self.speak_passage(passage, voice, options, own_seed, whole=whole)

    def speak_passage(
        self,
        passage: Passage,
        voice: Voice,
        options: SynthesisOptions,
        seed: int,
        *,
        whole: bool = False,
    ) -> Generator[Audio]:
        """One pass of the engine: the silence before, then chunks as they are ready, then the silence after.

        A word or phone is reported with the chunk in which it starts, even if it ends in a later one.
        """
        if passage.silence_before:
            yield self.silence(passage.silence_before - FADE_SECONDS)
        tokens, process, manner, style = passage.tokens, os.getpid(), passage.manner, options.manner
        energy = bounded("energy", float(options.energy) * style.energy)
        speaking = self.core.start(
            tokens.ids,
            voice.vector,
            (options.style_voice or voice).style,
            speed=bounded("speed", float(options.speed) * style.speed * manner.speed),
            pitch=bounded("pitch", float(options.pitch) + manner.pitch),
            energy=energy,
            expression=bounded("expression", float(options.expression) * style.expression),
            temperature=float(options.temperature),
            variation=options.own_variation,
            seed=seed,
            watermark=options.marked_with(),
            changes=for_engine(voice.changes),
        )
        seconds = self._edges(speaking.durations)
        words, phones = _Upcoming(_words(tokens, seconds)), _Upcoming(self._phones(tokens, seconds))
        limiter = PeakLimiter(bounded("volume", float(options.volume) * manner.volume))
        gate = self._gate(phones.start, options)
        trimmer = self._trimmer(passage, speaking.num_samples, seconds)
        lufs = DEFAULT_LUFS + 20 * math.log10(energy)
        leveller = Leveller(speaking.num_samples, self.sample_rate, lufs)
        ends_with = int(speaking.durations[len(tokens.phones) - tokens.pauses_after :].sum())
        mark = options.marked_with()
        made = given = 0  # samples
        while (samples := _next_chunk(speaking, process, whole)) is not None:
            made += len(samples)
            is_last = made == speaking.num_samples
            samples = trimmer.feed(gate.feed(samples, is_last=is_last))
            samples = leveller.feed(samples, is_last=is_last)
            samples = limiter.feed(samples, is_last=is_last)
            if not (len(samples) or is_last):
                continue
            begin, given = given, given + len(samples)
            silence = self._silence_after(passage, ends_with).samples if is_last else samples[:0]
            if len(silence):
                samples = np.concatenate([samples, silence])
            chunk = _Chunk(begin, given, trimmer.cut, self.sample_rate, is_last=is_last)
            spans = words.begun_in(chunk), phones.begun_in(chunk)
            yield Audio(samples, self.sample_rate, *spans, mark)

    def _gate(self, start: float, options: SynthesisOptions) -> NoiseGate:
        """What silences the noise before the first phone of a passage."""
        lead = round(start * self.sample_rate)
        return NoiseGate(lead, self.sample_rate, float(options.energy))

    def _trimmer(self, passage: Passage, num_samples: int, edges: list[float]) -> EdgeTrimmer:
        """What cuts off the silence around a passage; its last word comes whole."""
        words = passage.tokens.words
        begin, end = (edges[words[-1].start], edges[words[-1].end]) if words else (0.0, 0.0)
        last = round(begin * self.sample_rate)
        latest = round((end + MOST_AFTER_SECONDS) * self.sample_rate) if words else None
        return EdgeTrimmer(
            num_samples,
            self.sample_rate,
            trims_start=passage.is_exact_before,
            trims_end=passage.is_exact_after,
            hold=num_samples - last,
            latest=latest,
        )

    def _silence_after(self, passage: Passage, ends_with: int) -> Audio:
        """The silence after a passage, less the silence that its sound and the next begin and end with.

        Args:
            passage: What was spoken.
            ends_with: Silent frames at its end.
        """
        if passage.is_exact_after:
            return self.silence(max(0.0, passage.silence_after - 2 * FADE_SECONDS))
        return self.silence(self._less(passage.silence_after, ends_with + SILENCE_BEFORE_FRAMES))

    def _less(self, seconds: float, frames: int) -> float:
        """What is left of a pause, for which speech has so many silent frames itself."""
        audio = self.config.audio
        return max(0.0, seconds - frames * audio.hop_samples / audio.sample_rate)

    def silence(self, seconds: float) -> Audio:
        """Silence of a length in seconds."""
        return Audio(np.zeros(round(seconds * self.sample_rate), np.float32), self.sample_rate)

    def spans(self, tokens: Tokens, durations: NDArray[np.int32]) -> tuple[list[Span], list[Span]]:
        """Words and phones with their times.

        Args:
            tokens: What was spoken.
            durations: (tokens,) int32, in frames.
        """
        edges = self._edges(durations)
        return list(_words(tokens, edges)), list(self._phones(tokens, edges))

    def _edges(self, durations: NDArray[np.int32]) -> list[float]:
        """Where tokens begin, in seconds, and where the last ends."""
        frame_seconds = self.config.audio.hop_samples / self.sample_rate
        ends = accumulate(durations.tolist())
        return [0.0, *(frames * frame_seconds for frames in ends)]

    def _phones(self, tokens: Tokens, edges: list[float]) -> Generator[Span]:
        symbols = self.config.symbols
        pairs = zip(tokens.phones.tolist(), tokens.boundaries.tolist(), strict=True)
        for index, (phone, boundary) in enumerate(pairs):
            if boundary != PAUSE:
                yield spoken(symbols[phone], edges[index], edges[index + 1])


def _words(tokens: Tokens, edges: list[float]) -> Generator[Span]:
    for word in tokens.words:
        yield spoken(
            word.text,
            edges[word.start],
            edges[word.end],
            mark=word.mark,
            written=word.written,
            place=word.place if word.written else None,
        )


@dataclass(frozen=True)
class _Chunk:
    """A chunk of a passage: its samples' range after `cut` were cut off before the first."""

    begin: int
    end: int
    cut: int
    rate_hz: int
    is_last: bool


class _Upcoming:
    """Spans in order, each made no sooner than its chunk: a first chunk has few of hundreds."""

    def __init__(self, spans: Generator[Span]) -> None:
        self._spans = spans
        self._next = next(spans, None)

    @property
    def start(self) -> float:
        """Where the next begins, in seconds; 0 if there is none."""
        return 0.0 if self._next is None else self._next.start

    def begun_in(self, chunk: _Chunk) -> list[Span]:
        """The spans that begin in the next chunk, relative to it; the last ends with the sound."""
        lead, begin = chunk.cut / chunk.rate_hz, chunk.begin / chunk.rate_hz
        end, is_last = chunk.end / chunk.rate_hz, chunk.is_last
        found = []
        while (span := self._next) is not None:
            start = max(0.0, span.start - lead)
            stop = max(start, span.end - lead)
            if is_last:
                start, stop = min(start, end), min(stop, end)
            elif start >= end:
                break
            retime(span, round(start - begin, 9), round(stop - begin, 9))
            found.append(span)
            self._next = next(self._spans, None)
        return found


def _next_chunk(speaking: _core.Speaking, process: int, whole: bool) -> NDArray[np.float32] | None:
    if process != os.getpid():
        raise RuntimeError(
            "this speech was begun in another process, which has its engine: begin it again here"
        )
    samples = speaking.next_chunk(whole)
    return None if samples is None else checked_samples(samples)


def checked_samples(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples from the engine as they are.

    Raises:
        RuntimeError: If one is not finite, which players turn into silence or noise.
    """
    if not np.isfinite(samples).all():
        raise RuntimeError(
            "the engine made samples that are not finite: the model file or the voice is damaged"
        )
    return samples
