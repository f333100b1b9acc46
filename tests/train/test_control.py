"""What the options promise, measured on the sound of the weights that ship.

Pitch by Praat's tracker, and the times of words by the product's own aligner, which hears the samples and
not the durations that the model decided.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
parselmouth = pytest.importorskip("parselmouth")

import muspeaker
from muspeaker.config import lite
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import Tokens, tokens
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages.snapshot import restore
from muspeaker.twin.dsp.best_path import best_path, merge_pauses, states_of
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.model.phone_classifier import PhoneClassifier

pytestmark = [pytest.mark.torch, pytest.mark.weights]

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through.",
    "Help the woman get back to her feet.",
    "A pot of tea helps to pass the evening.",
    "Smoky fires lack flame and heat.",
    "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.",
    "The girl at the booth sold fifty bonds.",
)
CLOSE_SECONDS = 0.05
# The classifier is the one that placed the phones of the training speech, so this asks whether the speech does
# what its durations say.
CLOSE_SHARE = 0.7


@pytest.fixture(scope="module")
def tts() -> muspeaker.Synthesizer:
    return muspeaker.load(num_threads=1)


def pitch_track(audio: muspeaker.Audio) -> np.ndarray:
    """(frames,) F0 in Hz every 10 ms, 0 where unvoiced."""
    sound = parselmouth.Sound(audio.samples.astype(np.float64), audio.sample_rate)
    f0 = sound.to_pitch(time_step=0.01, pitch_floor=75, pitch_ceiling=600)
    return np.asarray(f0.selected_array["frequency"])


@pytest.mark.parametrize("semitones", [4.0, -3.0])
def test_pitch_moves_f0_by_as_many_semitones(tts: muspeaker.Synthesizer, semitones: float) -> None:
    voice = muspeaker.Voice.builtin()
    for sentence in SENTENCES[:4]:
        plain, shifted = (tts.synthesize(sentence, voice, pitch=p) for p in (0.0, semitones))
        before, after = pitch_track(plain), pitch_track(shifted)
        both = (before > 0) & (after > 0)
        assert both.mean() > 0.3
        moved = np.median(12 * np.log2(after[both] / before[both]))
        assert moved == pytest.approx(semitones, abs=0.25), sentence  # as Praat hears it


@pytest.mark.parametrize("speed", [2.0, 0.5, 1.3])
def test_speed_divides_the_duration(tts: muspeaker.Synthesizer, speed: float) -> None:
    voice = muspeaker.Voice.builtin()
    for text in (*SENTENCES[:3], "One. Two, three.\n\nFour!"):
        plain, fast = (tts.synthesize(text, voice, speed=s).duration for s in (1.0, speed))
        assert fast == pytest.approx(plain / speed, rel=0.05)


class WordAligner:
    """Finds the words of a text in samples, by the phone classifier."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        config = lite()
        assert config.phone_classifier
        self.audio, self.num_pauses = config.audio, config.phone_classifier.num_pauses
        self.classifier = PhoneClassifier(
            config.phone_classifier, config.audio.num_mels, len(config.symbols)
        ).eval()
        self.classifier.load_state_dict(state)

    @torch.no_grad()
    def edges(self, audio: muspeaker.Audio, spoken: Tokens) -> np.ndarray:
        """(tokens + 1,) seconds: where each token begins, and the end."""
        mel = log_mel(torch.from_numpy(audio.samples).unsqueeze(0), self.audio)[0]
        logits = self.classifier(torch.from_numpy(normalized_mel(mel.T.numpy())).unsqueeze(0))[0]
        merged = torch.from_numpy(merge_pauses(spoken.phones, self.num_pauses)).long()
        scores = self.classifier.phone_scores(logits)[:, merged].numpy()
        states = states_of(spoken.phones, len(scores), self.num_pauses)
        durations = best_path(scores, states)
        return np.r_[0.0, np.cumsum(durations)] * self.audio.hop_samples / self.audio.sample_rate


@pytest.fixture(scope="module")
def word_aligner(tmp_path_factory: pytest.TempPathFactory) -> WordAligner:
    folder = tmp_path_factory.mktemp("checkpoints")
    restore(CHECKPOINTS, folder)
    return WordAligner(load_checkpoint(folder / "realign" / "realign.pt")["classifier"])


def test_times_of_words_are_where_an_aligner_hears_them(
    tts: muspeaker.Synthesizer, word_aligner: WordAligner
) -> None:
    voice = muspeaker.Voice.builtin()
    errors = []
    for sentence in SENTENCES:
        audio = tts.synthesize(sentence, voice)
        spoken = tokens(normalize(sentence), "en-us", tts.symbols)
        edges = word_aligner.edges(audio, spoken)
        for told, word in zip(audio.words, spoken.words, strict=True):
            assert told.text == word.text
            errors.append((told.start - edges[word.start], told.end - edges[word.end]))
    worst = np.abs(errors).max(axis=1)  # of start and end, for each word
    assert len(worst) > 150
    assert np.mean(worst <= CLOSE_SECONDS) >= CLOSE_SHARE
