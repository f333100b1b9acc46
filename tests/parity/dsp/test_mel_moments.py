"""Moments of a mel and matching them, by themselves; `Cloner` and `Synthesizer` are compared with C++."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.dsp.mel_moments import match_moments, mel_moments, speech_frames

pytestmark = pytest.mark.torch


def speech_like_mel(frames: int, level: float, spread: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(frames)
    return level + spread * torch.randn(1, 80, frames, generator=generator)


def test_moments_leave_silence_out():
    mel = speech_like_mel(300, -5.0, 1.5)
    padded = torch.cat([mel, torch.full((1, 80, 200), -11.5)], 2)
    expected = mel_moments(mel, speech_frames(mel))
    assert int(speech_frames(padded).sum()) == 300
    actual = mel_moments(padded, speech_frames(padded))
    torch.testing.assert_close(actual, expected)
    mean, deviation = mel.mean(2), mel.std(2, correction=0)
    torch.testing.assert_close(expected[:, :80], mean + 6.0, rtol=0, atol=1e-4)
    torch.testing.assert_close(expected[:, 80:], (deviation - 1.7) / 0.5, rtol=0, atol=1e-4)


def test_matching_moves_a_long_utterance_to_the_prompt_and_a_short_one_less():
    prompt = speech_like_mel(500, -4.0, 2.0)
    wanted = mel_moments(prompt, speech_frames(prompt))

    def distance(mel: torch.Tensor, gain: float = 1.0) -> float:
        found = mel_moments(mel, speech_frames(mel))
        return float((found[:, :80] - np.log(gain) - wanted[:, :80]).abs().mean())

    left = []
    for frames in (20, 4000):
        spoken = speech_like_mel(frames, -6.0, 1.2)
        for gain in (1.0, 2.0):
            matched = match_moments(spoken, wanted, gain)
            left.append(distance(matched, gain) / distance(spoken, gain))
    assert left == pytest.approx([43 / 63, 43 / 63, 43 / 4043, 43 / 4043], rel=0.05)
