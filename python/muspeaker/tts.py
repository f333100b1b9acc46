"""Speak: clone a voice, turn text into speech."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from muspeaker.cloning import clone_recording
from muspeaker.decoder_changes import for_engine
from muspeaker.options import STYLES, ConversionFields, EditFields, OptionFields, checked_options
from muspeaker.sound.audio import Audio
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.peaks import limit_peaks
from muspeaker.sound.recording import read_channels, read_source, resample
from muspeaker.stream import SpeechEngine, SpeechStream, checked_samples
from muspeaker.text.passages import MAX_TEXT_CHARACTERS, join_passages, model_language
from muspeaker.threads import available_cores, check_threads
from muspeaker.voice_like import VoiceLike, are_voices, builtin_voices, find_voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from typing import Unpack

    from muspeaker import _core
    from muspeaker.options import SynthesisOptions
    from muspeaker.sound.recording import RecordingLike
    from muspeaker.voice import Voice

__all__ = ["MAX_TEXT_CHARACTERS", "Synthesizer"]


class Synthesizer:
    """One loaded model. Calls from several threads are safe and take turns.

    Made by `muspeaker.load`.

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
        forked = copy.copy(self)
        forked._speech = self._speech.fork(num_threads)
        forked.num_threads = num_threads
        forked.config = dict(self.config)
        return forked

    @property
    def voices(self) -> dict[str, Voice]:
        """The voices that ship and that this model speaks with, by name; the default first."""
        return builtin_voices(self.fingerprint)

    def voice(self, given: VoiceLike | None = None) -> Voice:
        """The voice that is meant, as every `voice` argument understands it.

        Args:
            given: A Voice; the name of one of `voices`; a blend of names such as "anna(2)+bert(1)"; a
                voice file; or a recording, which is cloned, in any form that `clone` takes. None is the
                default voice.

        Raises:
            FileNotFoundError: If it is a name or path that does not exist.
            TypeError: If it is of another type.
            ValueError: If it is a damaged file, a recording that cannot be cloned, or a built-in voice of
                another model.
        """
        return find_voice(given, self.fingerprint, self.clone)

    def clone(
        self,
        prompt: RecordingLike,
        *,
        name: str | None = None,
        consent: str = "",
        language: str | None = None,
        plain: bool = False,
        refine: bool = False,
        denoise: bool = False,
    ) -> Voice:
        """Make a voice from a recording of one speaker.

        Args:
            prompt: A path to a sound file, its bytes, or the file opened in binary mode; or (samples,
                sample_rate), in either order, with samples (samples,) or (samples, channels) of any
                integer or floating dtype, also of a torch tensor; or an Audio. libsndfile reads it, or
                FFmpeg with the extra `media` (M4A, WebM and the like). Any rate is resampled, channels
                are averaged, and what lies below speech is taken away. At least 1 s of speech; the first
                30 s are used. 5 to 15 s of clean speech do best.
            name: Name of the voice. Defaults to the file name, or "voice" where there is no file.
            consent: Note of who agreed to the cloning, kept with the voice.
            language: Tag such as "en-gb" that the voice reads where a call names none; None is the
                model's first language.
            plain: Whether to compare levels and deviations of bands alone with the model's own speech.
                Smoother with clean speech, such as a synthesiser's, and less alike.
            refine: Whether the decoder learns the prompt. More alike; takes seconds of all cores and makes a
                voice of 2.4 MB.
            denoise: Whether steady noise is taken down by up to 12 dB. Cleaner, and a little less alike.

        Raises:
            FileNotFoundError: If the file does not exist.
            TypeError: If the prompt is of another type or dtype, the language no string, or a switch no bool.
            ValueError: If it is no sound, has less than 1 s of speech, is silent, misshapen or not finite, or
                the model does not know the language, or has no phone classifier and is to be refined.

        Warns:
            PromptWarning: If the clone will suffer from the recording: little speech, a telephone, noise
                or clipping.
        """
        return clone_recording(
            self._speech,
            prompt,
            name=name,
            consent=consent,
            language="" if language is None else model_language(language, self.languages),
            plain=plain,
            refine=refine,
            denoise=denoise,
        )

    def synthesize(
        self, text: str, voice: VoiceLike | None = None, **options: Unpack[OptionFields]
    ) -> Audio:
        """Speak a text in a voice.

        Args:
            text: Text of at most 50,000 characters. It is spoken sentence by sentence, with pauses at
                punctuation, between paragraphs, and at marks such as `[pause 0.5s]`.
            voice: A Voice, a name, a voice file or a recording, as `voice()` understands it; None is the
                default voice.
            options: `speed` (0.5 to 2), `pitch` (semitones), `energy` (effort), `volume` (gain),
                `expression` (width of the melody), `seed` (another melody and rhythm; None draws one),
                `variation` (how far), `temperature` (0.2), `language` ("en-us"), `phonemes` (the text is
                IPA), `style` ("calm", "lively", or a voice whose manner is taken), `pause` (seconds
                between sentences) and `watermark` (True); see `SynthesisOptions`.

        Returns:
            The speech; the same model, text, voice and options give the same samples.

        Raises:
            FileNotFoundError: If the voice is a name or path that does not exist.
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the text is empty or has nothing to speak, the language is unknown, a number
                is out of range, or the voice belongs to another model.
            RuntimeError: If the model file or the voice is damaged, so that no speech comes of it.
        """
        chosen, speaker = self._chosen(options), self.voice(voice)
        plan = self._speech.plan(text, speaker, chosen)
        chunks = list(self._speech.speak(plan, speaker, chosen, whole=True))
        return chunks[0] if len(chunks) == 1 else Audio.join(chunks)

    def stream(
        self, text: str, voice: VoiceLike | None = None, **options: Unpack[OptionFields]
    ) -> SpeechStream:
        """Speak a text in chunks, as they are ready; joined they equal `synthesize`.

        Takes the arguments of `synthesize` and checks them before it returns.
        """
        chosen, speaker = self._chosen(options), self.voice(voice)
        plan = self._speech.plan(text, speaker, chosen)
        num_words = sum(len(passage.tokens.words) for passage in plan)
        return SpeechStream(self._speech.speak(plan, speaker, chosen), num_words)

    async def astream(
        self, text: str, voice: VoiceLike | None = None, **options: Unpack[OptionFields]
    ) -> AsyncIterator[Audio]:
        """`stream` for asyncio: nothing here blocks the event loop.

        Arguments are checked when the first chunk is asked for. When the task is cancelled, or the iterator
        is closed, the current chunk is finished in its thread and no other is begun.
        """
        import asyncio  # noqa: PLC0415 (a program that awaits has it; others need no network)

        chunks = await asyncio.to_thread(self.stream, text, voice, **options)
        try:
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield chunk
        finally:
            chunks.close()

    def synthesize_batch(
        self,
        texts: Iterable[str],
        voice: VoiceLike | Sequence[VoiceLike] | None = None,
        *,
        num_workers: int | None = None,
        **options: Unpack[OptionFields],
    ) -> list[Audio]:
        """Speak many texts, several sentences at the same time, by threads that share the model.

        Args:
            texts: Texts as in `synthesize`. All are checked before the first is spoken.
            voice: One voice for all texts, or a list with one for each, each as in `synthesize`.
            num_workers: Number of sentences at once, each on a thread; None is the number of cores.
            options: Options as in `synthesize`, for all texts.

        Returns:
            One Audio for each text, with the samples that `synthesize` gives.

        Raises:
            TypeError: If texts is a single string, or as in `synthesize`.
            ValueError: If there are not as many voices as texts, or as in `synthesize`, with the number
                of the text.
        """
        from muspeaker.many import speak_batch  # noqa: PLC0415 (one text needs none of it)

        num_workers = available_cores() if num_workers is None else num_workers
        check_threads(num_workers, "num_workers")
        chosen = self._chosen(options)
        voices = (
            [self.voice(each) for each in voice] if are_voices(voice) else self.voice(voice)  # type: ignore[union-attr, arg-type]  # are_voices tells
        )
        return speak_batch(self._speech, texts, voices, chosen, num_workers)

    def dialogue(
        self,
        turns: str | Iterable[tuple[VoiceLike | None, str]],
        voices: Mapping[str, VoiceLike] | None = None,
        *,
        quotes: VoiceLike | None = None,
        stereo: bool = False,
        gap: float = 0.3,
        **options: Unpack[OptionFields],
    ) -> Audio:
        """Speak a dialogue, turn by turn.

        A turn that begins with a mark such as `[overlap 0.4s]` begins that long before the one before has
        ended.

        Args:
            turns: A script with lines such as `ANNA: Hello.`; or pairs of voice and text. All are checked
                before the first is spoken.
            voices: Voices of the script's speakers by their labels, in any case; "" speaks what has no
                label.
            quotes: Voice for what stands in quotation marks; None leaves it to who quotes.
            stereo: Whether to place the voices from left to right, in the order in which they first speak.
            gap: Silence between turns in seconds, 0 to 10.
            options: Options as in `synthesize`, for all turns.

        Returns:
            One recording; its words name their speaker. A turn has the samples that `synthesize` gives.

        Raises:
            TypeError: If a turn is no pair, or as in `synthesize`.
            ValueError: If there is no turn, a speaker has no voice, or as in `synthesize`, with the number
                of the turn.
        """
        from muspeaker.dialogue import cast_turns, speak_dialogue  # noqa: PLC0415 (likewise)

        chosen = self._chosen(options)
        cast = cast_turns(turns, voices, quotes, gap, self.voice)
        return speak_dialogue(self._speech, cast, chosen, stereo=stereo)

    def convert(
        self,
        source: RecordingLike,
        voice: VoiceLike | None,
        text: str,
        **options: Unpack[ConversionFields],
    ) -> Audio:
        """Speak the words of a recording in another voice.

        Durations, melody and loudness are the recording's; the melody is moved into the register that
        the voice would speak the text in.

        Args:
            source: A recording of one speaker, 0.3 to 60 s, in any form that `clone` takes.
            voice: A voice as in `synthesize`.
            text: What the recording says, word by word.
            options: `pitch` (semitones), `energy` (effort), `volume` (gain), `seed`, `language`,
                `phonemes` and `watermark`, as in `synthesize`.

        Returns:
            As long as the source, with the times of the words in it.

        Raises:
            FileNotFoundError: If the source is a file that does not exist.
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the model has no part that places phones, or the source cannot be used, or is too short for
                the text, or as in `synthesize`.
        """
        chosen = checked_options(options, ConversionFields)
        self._check_places_phones("converting")
        speaker = self.voice(voice)
        tokens = join_passages(self._speech.plan(text, speaker, chosen))
        recording, rate_hz = read_source(source)
        samples, durations = self._engine.convert(
            normalize_loudness(resample(recording, rate_hz, self.sample_rate)),
            tokens.ids,
            speaker.vector,
            speaker.style,
            pitch=float(chosen.pitch),
            energy=float(chosen.energy),
            seed=chosen.drawn_seed(),
            watermark=chosen.marked_with(),
            changes=for_engine(speaker.changes),
        )
        samples = limit_peaks(checked_samples(samples), float(chosen.volume))
        spans = self._speech.spans(tokens, durations)
        return Audio(samples, self.sample_rate, *spans, chosen.marked_with())

    def edit(
        self,
        recording: RecordingLike,
        transcript: str,
        new_text: str,
        voice: VoiceLike | None = None,
        **options: Unpack[EditFields],
    ) -> Audio:
        """Replace, insert or delete words in a recording; all the rest of it stays as it is.

        The two texts are compared word by word. What the recording lacks is spoken in the voice of its
        speaker, led by the melody and the loudness around it, and joined by cross-fades of at most 20 ms.

        Args:
            recording: A recording of one speaker, 0.3 to 60 s, in any form that `clone` takes, with at most
                2 channels.
            transcript: What it says, word by word.
            new_text: What it is to say.
            voice: A voice as in `synthesize`; None is cloned from the recording.
            options: `speed`, `temperature`, `seed`, `language`, `phonemes` and `watermark`, as in
                `synthesize`, for the words that are new.

        Returns:
            The edited recording at its own rate and channels, with the times of its words. Outside of the
            edits and their cross-fades its samples are those of the recording, as float32.

        Raises:
            FileNotFoundError: If the recording is a file that does not exist.
            TypeError: If an argument has another type, or an option is unknown.
            ValueError: If the model has no part that places phones, the recording cannot be used, is too
                short for its text, or too short to clone its voice, a text cannot be spoken, or both
                texts say the same.
        """
        from muspeaker import editing  # noqa: PLC0415 (speaking needs none of it)

        chosen = checked_options(options, EditFields)
        self._check_places_phones("editing")
        recorded, rate_hz = read_channels(recording)
        speaker = (
            editing.voice_of_recording(self.clone, recorded, rate_hz)
            if voice is None
            else self.voice(voice)
        )
        texts = editing.compare_texts(self._speech, (transcript, new_text), speaker, chosen)
        return editing.edit_recording(self._speech, recorded, rate_hz, texts, speaker, chosen)

    def _check_places_phones(self, doing: str) -> None:
        if not (self._speech.config.phone_classifier or self._speech.config.aligner):
            raise ValueError(
                f"this model file has no phone classifier and no aligner, one of which {doing} "
                "needs: expected one that was exported with it"
            )

    def _chosen(self, options: OptionFields) -> SynthesisOptions:
        """The options, checked, with the voice whose manner is taken."""
        style = options.get("style")
        if style is not None and not (isinstance(style, str) and style in STYLES):
            voice = find_voice(style, self.fingerprint, self.clone, "style")
            options = {**options, "style": voice}
        return checked_options(options)
