"""Dialogues: several voices by turns, one after the other or over each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.many import listed, numbered_plan
from muspeaker.options import bounds, check_number
from muspeaker.script import parse_script, split_overlap, split_quotes
from muspeaker.sound.audio import Audio
from muspeaker.sound.peaks import limit_peaks
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from muspeaker.options import SynthesisOptions
    from muspeaker.stream import SpeechEngine

STEREO_WIDTH = 0.6  # share of the way from the middle to one side
QUOTE_GAP_SECONDS = 0.12


@dataclass(frozen=True)
class VoicedTurn:
    """A turn with the voice that speaks it.

    Attributes:
        voice: The voice.
        speaker: Name for the words of the turn.
        text: What is said.
        gap: Seconds from the end of the turn before; negative where the two overlap.
    """

    voice: Voice
    speaker: str
    text: str
    gap: float


def cast_turns(
    turns: object,
    voices: Mapping[str, Any] | None,
    quotes: Any,
    gap: float,
    find: Callable[[Any], Voice],
) -> list[VoicedTurn]:
    """Find a voice for each turn, and cut off the marks of overlap and, where wanted, the quotations.

    Args:
        turns: A script, or pairs of voice and text.
        voices: Voices of the script's speakers by their labels; "" speaks what has no label.
        quotes: Voice of quoted speech; None leaves it to who quotes.
        gap: Seconds between turns.
        find: Finds a voice: `Synthesizer.voice`.

    Raises:
        TypeError: If a turn is no pair, or a voice of another type.
        ValueError: If a speaker has no voice, or a mark cannot be read.
    """
    check_number("gap", gap, bounds("pause"))
    found: dict[int, Voice] = {}
    kept = []  # so that no id is used twice

    def once(given: Any) -> Voice:
        if id(given) not in found:
            kept.append(given)
            found[id(given)] = find(given)
        return found[id(given)]

    quoter = None if quotes is None else once(quotes)
    cast: list[VoicedTurn] = []
    for number, (given, speaker, text) in enumerate(_pairs(turns, voices)):
        try:
            voice = once(given)
            seconds, rest = split_overlap(text) if isinstance(text, str) else (0.0, text)
        except (TypeError, ValueError, OSError) as error:
            raise type(error)(f"turn {number}: {error}") from error
        before = -seconds if seconds else float(gap)
        pieces = [(False, rest)] if quoter is None else split_quotes(rest)
        for index, (is_quote, piece) in enumerate(pieces):
            own = quoter if is_quote and quoter is not None else voice
            name = speaker or own.name if own is voice else own.name
            cast.append(VoicedTurn(own, name, piece, QUOTE_GAP_SECONDS if index else before))
    if not cast:
        raise ValueError("expected at least one turn, got none")
    return cast


def speak_dialogue(
    engine: SpeechEngine, turns: Sequence[VoicedTurn], options: SynthesisOptions, *, stereo: bool
) -> Audio:
    """Speak the turns of `cast_turns`.

    Raises:
        ValueError: If a text cannot be spoken.
    """
    plans = [
        numbered_plan(engine, number, turn.text, turn.voice, options)
        for number, turn in enumerate(turns)
    ]
    places = stereo_places([turn.voice for turn in turns])
    spoken: list[tuple[int, Audio]] = []
    end = 0  # of the turns so far, in samples
    for turn, plan in zip(turns, plans, strict=True):
        audio = Audio.join(engine.speak(plan, turn.voice, options, whole=True))
        audio = with_speaker(audio, turn.speaker)
        if stereo:
            audio = audio.panned(places[turn.voice])
        last = len(spoken[-1][1].samples) if spoken else 0
        gap = max(round(turn.gap * engine.sample_rate), -last) if spoken else 0
        spoken.append((max(0, end + gap), audio))
        end = spoken[-1][0] + len(audio.samples)
    return mixed(spoken)


def mixed(parts: Sequence[tuple[int, Audio]]) -> Audio:
    """Recordings of one rate on one time line, each from a sample on; peaks where they overlap are limited."""
    first = parts[0][1]
    length = max(start + len(audio.samples) for start, audio in parts)
    samples = np.zeros((length, *first.samples.shape[1:]), np.float32)
    filled, overlaps = 0, False
    for start, audio in parts:
        stop = start + len(audio.samples)
        samples[start:stop] += audio.samples
        overlaps = overlaps or start < filled
        filled = max(filled, stop)
    if overlaps:
        samples = limit_peaks(samples)
    words = [word for start, a in parts for word in _moved(a.words, start / a.sample_rate)]
    phones = [phone for start, a in parts for phone in _moved(a.phones, start / a.sample_rate)]
    words.sort(key=lambda word: word.start)
    phones.sort(key=lambda phone: phone.start)
    return Audio(samples, first.sample_rate, words, phones, first.watermark)


def stereo_places(speakers: Sequence[Voice]) -> dict[Voice, float]:
    """Positions of -1 (left) to 1 (right), evenly from left to right by first appearance."""
    order = list(dict.fromkeys(speakers))
    if len(order) == 1:
        return {order[0]: 0.0}
    step = 2 * STEREO_WIDTH / (len(order) - 1)
    return {speaker: index * step - STEREO_WIDTH for index, speaker in enumerate(order)}


def with_speaker(audio: Audio, speaker: str) -> Audio:
    """The same audio, every word with the name of its speaker."""
    return replace(audio, words=[replace(word, speaker=speaker) for word in audio.words])


def _moved(spans: Sequence[Any], seconds: float) -> list[Any]:
    return [replace(span, start=span.start + seconds, end=span.end + seconds) for span in spans]


def _pairs(turns: object, voices: Mapping[str, Any] | None) -> list[tuple[Any, str, Any]]:
    """Voice, speaker and text of each turn, as they were given; the speaker is empty outside of scripts."""
    if not isinstance(turns, str):
        items = [_checked_turn(turn, number) for number, turn in enumerate(listed(turns, "turns"))]
        return [(voice, "", text) for voice, text in items]
    given: dict[str, Any] = {name: name for name in Voice.builtin_names()}
    given |= {name.casefold(): voice for name, voice in (voices or {}).items()}
    script = parse_script(turns, given)
    missing = {t.speaker for t in script if t.speaker and t.speaker.casefold() not in given}
    if missing:
        named = ", ".join(filter(None, voices or {})) or "nobody"
        raise ValueError(
            f"no voice for {', '.join(sorted(missing))}: expected one in voices (in the shell, by --cast), "
            f"got voices for {named}"
        )
    return [(given.get(turn.speaker.casefold()), turn.speaker, turn.text) for turn in script]


def _checked_turn(turn: object, number: int) -> tuple[Any, Any]:
    if not isinstance(turn, (tuple, list)) or len(turn) != 2:
        raise TypeError(f"turn {number} must be a pair of Voice and text, got {turn!r:.80}")
    return turn[0], turn[1]
