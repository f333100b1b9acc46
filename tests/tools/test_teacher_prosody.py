"""Durations, F0 and energy of teachers who hum, without the sound: blocks, shards and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from muspeaker.train.corpus.prosody import Prosody
from tests.humming_teacher import TEXTS, Hummer, blocks, sources
from tools.teacher_speech import prosody
from tools.teacher_speech.composition import compose

if TYPE_CHECKING:
    from pathlib import Path

    from tools.teacher_speech.voices import Voice


def test_a_block_is_read_as_it_was_made(tmp_path: Path) -> None:
    hummer = Hummer()
    seconds = blocks(tmp_path, 1, hummer)
    clips = list(prosody.read_block(tmp_path / "prosody_00000.npz"))
    assert 10 < len(clips) == hummer.read <= 21
    assert seconds == sum(clip.seconds for clip in clips)
    for clip in clips:
        number, reading = map(int, clip.id.split("_")[2:])
        voice = sources().voices(number)[reading]
        assert clip.speaker == voice.speaker
        assert clip.style == voice.style
        assert clip.language == voice.language
        assert clip.speed == pytest.approx(voice.speed, abs=1e-4)
        assert clip.phones == hummer.phones(clip.text, british=voice.british)
        durations = hummer.durations(clip.phones, voice)
        assert clip.prosody.durations.tolist() == durations
        frames = np.arange(2 * sum(durations))
        assert clip.seconds == pytest.approx(sum(durations) / 40)
        np.testing.assert_allclose(clip.prosody.f0, 100 + frames, rtol=1e-3)
        np.testing.assert_allclose(clip.prosody.energy, -frames / 8, rtol=1e-3)


def test_a_text_has_several_readings_in_one_accent() -> None:
    accents = set()
    for number in range(30):
        voices = sources().voices(number)
        assert len(voices) == 3
        assert len({voice.british for voice in voices}) == 1
        assert len({voice.speed for voice in voices}) == 3
        accents.add(voices[0].british)
    assert accents == {True, False}


def test_blocks_do_not_depend_on_shards_or_stops(tmp_path: Path) -> None:
    blocks(tmp_path / "whole", 4, Hummer())
    for number in (0, 1):
        blocks(tmp_path / "shards", 2, Hummer(), (number, 2))
    blocks(tmp_path / "stopped", 2, Hummer())
    again = Hummer()
    blocks(tmp_path / "stopped", 4, again)
    fresh = Hummer()
    blocks(tmp_path / "fresh", 4, fresh)
    assert 0 < again.read < fresh.read
    for folder in ("shards", "stopped"):
        names = sorted(path.name for path in (tmp_path / folder).iterdir())
        assert names == [f"prosody_{block:05d}.npz" for block in range(4)]
        for name in names:
            with np.load(tmp_path / "whole" / name) as a, np.load(tmp_path / folder / name) as b:
                assert a.files == b.files
                assert all((a[key] == b[key]).all() for key in a.files)


def test_a_block_that_was_stopped_is_not_there(tmp_path: Path) -> None:
    class Stopped(Hummer):
        def prosody(self, phones: str, voice: Voice) -> Prosody:
            if self.read == 3:
                raise KeyboardInterrupt
            return super().prosody(phones, voice)

    with pytest.raises(KeyboardInterrupt):
        blocks(tmp_path, 1, Stopped())
    assert not list(tmp_path.glob("*.npz"))


def test_prosody_must_fit_its_phones(tmp_path: Path) -> None:
    class Wrong(Hummer):
        def prosody(self, phones: str, voice: Voice) -> Prosody:
            right = super().prosody(phones, voice)
            return Prosody(right.durations, right.f0[:-1], right.energy)

    with pytest.raises(ValueError, match="do not fit together"):
        blocks(tmp_path, 1, Wrong())


def test_held_out_texts_have_no_prosody() -> None:
    numbers = [n for n in range(400) if compose(TEXTS, [0, n])[1] == "It rained."]
    assert numbers
    assert len(prosody.make_clips(Hummer(), sources(), numbers[0])) == 3
    assert not prosody.make_clips(Hummer(), sources(held_out=frozenset({"it rained"})), numbers[0])
