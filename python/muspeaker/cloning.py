"""A recording to a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from muspeaker import _core
from muspeaker.config import FBANK_RATE_HZ
from muspeaker.decoder_changes import for_engine
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.prompt import checked_prompt
from muspeaker.sound.recording import name_of, read_prompt, resample
from muspeaker.voice import Voice, checked_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from muspeaker.decoder_changes import DecoderChanges
    from muspeaker.sound.recording import RecordingLike
    from muspeaker.stream import SpeechEngine


def clone_recording(
    speech: SpeechEngine,
    prompt: RecordingLike,
    *,
    name: str | None,
    consent: str,
    language: str,
    plain: bool,
    refine: bool,
    denoise: bool,
) -> Voice:
    """See `Synthesizer.clone`.

    Args:
        speech: The engine.
        prompt: A recording of one speaker.
        name: Name of the voice, None for that of the file.
        consent: Note of who agreed.
        language: A checked tag, or empty.
        plain: Whether to compare bands alone.
        refine: Whether the decoder learns the prompt.
        denoise: Whether steady noise is taken down, but for the timbre encoder, which tells as well in noise
            who speaks, and for the decoder that learns.
    """
    for switch, value in (("plain", plain), ("refine", refine), ("denoise", denoise)):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{switch} must be a bool, got {type(value).__name__}")
    if refine and not speech.config.phone_classifier:
        raise ValueError(
            "this model file has no phone classifier, which refining needs: expected one that was "
            "exported with it"
        )
    samples, rate_hz = read_prompt(prompt)
    name = checked_text(name_of(prompt) if name is None else name, "name")
    checked_text(consent, "consent")
    samples = checked_prompt(samples, rate_hz)
    heard = normalize_loudness(resample(samples, rate_hz, speech.sample_rate))
    heard_16k = resample(heard, speech.sample_rate, FBANK_RATE_HZ)
    changes = _learnt(speech, heard, heard_16k) if refine else None
    if denoise:
        heard = normalize_loudness(_core.reduce_noise(heard, speech.config.audio.fft_samples))
    vector, style = speech.core.clone(
        heard, heard_16k, plain=bool(plain), changes=for_engine(changes)
    )
    return Voice(
        vector,
        style,
        name=name,
        fingerprint=speech.fingerprint,
        consent=consent,
        language=language,
        embedding=speech.config.timbre_encoder.embedding,
        changes=changes,
    )


def _learnt(
    speech: SpeechEngine, heard: NDArray[np.float32], heard_16k: NDArray[np.float32]
) -> DecoderChanges:
    """What the decoder learns of a prompt."""
    from muspeaker.refining import refine  # noqa: PLC0415 (most clones need none of it)

    engine = speech.core
    return refine(engine.decoder_weights(), engine.refinement_inputs(heard, heard_16k))
