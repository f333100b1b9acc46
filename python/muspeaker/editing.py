"""Other words in a recording: what the engine speaks, put where the recording lacks it."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.decoder_changes import for_engine
from muspeaker.sound.audio import Audio
from muspeaker.sound.collected import Collected, Wanted
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.prompt import PromptWarning, high_passed, speech_seconds
from muspeaker.sound.recording import PROMPT_MIN_SECONDS, SOURCE_MAX_SECONDS, resample
from muspeaker.sound.splice import Gap, splice
from muspeaker.stream import checked_samples
from muspeaker.text.edits import NEW, TextEdit, plan_edit
from muspeaker.text.passages import join_passages

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from muspeaker.options import SynthesisOptions
    from muspeaker.sound.span import Span
    from muspeaker.sound.splice import Spliced
    from muspeaker.stream import SpeechEngine
    from muspeaker.text.tokens import Tokens
    from muspeaker.voice import Voice

MIN_OWN_SECONDS = 0.5  # of speech in a recording, for a voice of it


def one_channel(recorded: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """(samples, channels) as the engine hears it: (samples,) with peaks of at most 1."""
    mono = Wanted(Collected, SOURCE_MAX_SECONDS + 1).whole(recorded.astype(np.float64), rate_hz)
    loud: NDArray[np.float64] = mono / max(1.0, float(np.abs(mono).max()))
    return loud


def voice_of_recording(
    clone: Callable[..., Voice], recorded: NDArray[np.float32], rate_hz: int
) -> Voice:
    """The voice of who speaks in a recording; what it suffers from need not be told who edits it.

    A prompt needs more speech than many a recording has; there is no better one, so it is repeated.

    Raises:
        ValueError: If there is too little speech in it.
    """
    mono = one_channel(recorded, rate_hz)
    seconds = speech_seconds(high_passed(mono.astype(np.float32), rate_hz), rate_hz)
    if MIN_OWN_SECONDS <= seconds < 1.1 * PROMPT_MIN_SECONDS:
        mono = np.tile(mono, math.ceil(1.1 * PROMPT_MIN_SECONDS / seconds))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PromptWarning)
        try:
            return clone((mono, rate_hz))
        except ValueError as error:
            raise ValueError(
                f"the recording is no prompt for its own voice, so give one with voice: {error}"
            ) from error


def compare_texts(
    speech: SpeechEngine, texts: tuple[str, str], voice: Voice, options: SynthesisOptions
) -> tuple[Tokens, TextEdit]:
    """What was recorded, and what is to become of it.

    Args:
        speech: The engine.
        texts: The transcript and the new text.
        voice: The voice that will speak.
        options: Options of reading.

    Raises:
        TypeError: If a text is no string.
        ValueError: If one cannot be spoken, or both say the same.
    """
    tokens = []
    for name, text in zip(("transcript", "new text"), texts, strict=True):
        try:
            tokens.append(join_passages(speech.plan(text, voice, options)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    transcript, new_text = tokens
    return transcript, plan_edit(transcript, new_text, speech.config.symbols)


def edit_recording(
    speech: SpeechEngine,
    recorded: NDArray[np.float32],
    rate_hz: int,
    texts: tuple[Tokens, TextEdit],
    voice: Voice,
    options: SynthesisOptions,
) -> Audio:
    """Speak what a recording lacks, and put it in.

    Args:
        speech: The engine.
        recorded: (samples, channels) float32, from `read_channels`.
        rate_hz: Its rate.
        texts: From `compare_texts`.
        voice: The voice of the speaker.
        options: How to speak.
    """
    transcript, edit = texts
    mono = one_channel(recorded, rate_hz)
    given = resample(mono.astype(np.float32), rate_hz, speech.sample_rate)
    heard = normalize_loudness(given)
    samples, durations, recorded_durations = speech.core.edit(
        heard,
        transcript.ids,
        edit.tokens.ids,
        edit.origins,
        voice.vector,
        voice.style,
        speed=float(options.speed),
        temperature=float(options.temperature),
        seed=options.drawn_seed(),
        watermark=options.marked_with(),
        changes=for_engine(voice.changes),
    )
    gain = float(np.abs(given).max()) / max(float(np.abs(heard).max()), 1e-12)
    spoken = resample(checked_samples(samples), speech.sample_rate, rate_hz) * np.float32(gain)
    frame = speech.config.audio.hop_samples / speech.sample_rate  # seconds
    old, new = (
        [frame * edge for edge in _edges(counts)] for counts in (recorded_durations, durations)
    )
    gaps = [Gap(old[a], old[b], new[c], new[d]) for a, b, c, d in edit.spans]
    spliced = splice(recorded, mono, spoken, gaps, rate_hz)
    placed = _placement(edit, spliced, old, new, rate_hz)
    words, phones = (
        _in_turn([placed(span) for span in spans]) for spans in speech.spans(edit.tokens, durations)
    )
    is_mono = recorded.shape[1] == 1
    samples = spliced.samples[:, 0].copy() if is_mono else spliced.samples
    return Audio(samples, rate_hz, words, phones, options.marked_with())


def _edges(durations: NDArray[np.int32]) -> list[int]:
    """Where each token begins, in frames, and where the last one ends."""
    return [0, *np.cumsum(durations, dtype=np.int64).tolist()]


def _in_turn(spans: list[Span]) -> list[Span]:
    """The same without overlap: a join may have moved what is new by some milliseconds."""
    starts = [span.start for span in spans[1:]]
    return [
        replace(span, end=max(min(span.end, start), span.start))
        for span, start in zip(spans, [*starts, math.inf], strict=True)
    ]


def _placement(
    edit: TextEdit,
    spliced: Spliced,
    old: list[float],
    new: list[float],
    rate_hz: int,
) -> Callable[[Span], Span]:
    """A function from a span of the speech to the same in the edited recording.

    Args:
        edit: What was spoken.
        spliced: What became of it.
        old: Edges of the recorded tokens, in seconds.
        new: The same of the spoken tokens.
        rate_hz: Rate of the edited recording.
    """
    shifts: list[float] = []  # of each token, in seconds
    begins = [span.new_start for span in edit.spans]
    for token, origin in enumerate(edit.origins.tolist()):
        index = bisect_right(begins, token) - 1  # the last span that begins before it, or -1
        if origin == NEW:
            shift = (spliced.edges[index][0] - spliced.starts[index]) / rate_hz
        elif index < 0:
            shift = old[origin] - new[token]
        else:
            moved = (spliced.edges[index][1] - spliced.kept[index][1]) / rate_hz
            shift = moved + old[origin] - new[token]
        shifts.append(shift)
    starts = new[:-1]

    def placed(span: Span) -> Span:
        token = max(bisect_right(starts, span.start) - 1, 0)
        return replace(span, start=span.start + shifts[token], end=span.end + shifts[token])

    return placed
