"""Verb `prosody`: durations, F0 and energy of many texts in many voices, without the speech.

Clips are made in blocks, each a file `prosody_BLOCK.npz`. A block is a function of the seed, the
texts and the voices; shards share the blocks out, so it does not matter how many there are, and
a command that is started again continues after the last block that is there.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.train.corpus.manifest import plain_words
from muspeaker.train.corpus.prosody import ProsodyClip, read_block, write_block
from tools.teacher_speech.composition import compose
from tools.teacher_speech.speech import add_arguments, shard_of
from tools.teacher_speech.texts import read_held_out, read_texts
from tools.teacher_speech.voices import choose, load_packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from tools.teacher_speech.teacher import Teacher
    from tools.teacher_speech.voices import Voice


@dataclass(frozen=True)
class Sources:
    """What the clips are made of.

    Args:
        texts: Sentences.
        held_out: Plain words of sentences that are not read.
        packs: Voices.
        readings: Voices of one accent that read each text, which costs less than as many texts.
        seed: Seed of every choice.
    """

    texts: list[str]
    held_out: set[str]
    packs: dict[str, np.ndarray]
    readings: int
    seed: int

    def voices(self, number: int) -> list[Voice]:
        """Who reads text `number`; the first decides the accent."""
        voices: list[Voice] = []
        for attempt in count():
            voice = choose(self.packs, [self.seed, number, attempt])
            if not voices or voice.british == voices[0].british:
                voices.append(voice)
            if len(voices) == self.readings:
                break
        return voices


def make_clips(teacher: Teacher, sources: Sources, number: int) -> list[ProsodyClip]:
    """The readings of one text; none if it is held out or has too few or too many phones."""
    kind, text = compose(sources.texts, [sources.seed, number])
    if plain_words(text) in sources.held_out:
        return []
    voices = sources.voices(number)
    try:
        phones = teacher.phones(text, british=voices[0].british)
    except ValueError:
        return []
    clips = []
    for reading, voice in enumerate(voices):
        made = teacher.prosody(phones, voice)
        if len(made.durations) != len(phones) + 2 or len(made.f0) != 2 * made.durations.sum():
            raise ValueError(f"{text!r}: durations, phones and F0 do not fit together")
        name = f"prosody_{sources.seed}_{number:06d}_{reading}"
        clips.append(ProsodyClip(name, kind, text, phones, voice.speaker, voice.style,
                                 voice.language, round(voice.speed, 4), made))  # fmt: skip
    return clips


def make_blocks(
    folder: Path, teacher: Teacher, sources: Sources, size: int, shard: tuple[int, int]
) -> Iterator[float]:
    """Make the blocks of a shard, one after the other, without end.

    Args:
        folder: Where the files are and go.
        teacher: Who reads.
        sources: Texts, voices and seed.
        size: Texts tried in a block.
        shard: Number of the shard, and of how many.

    Yields:
        Seconds of speech in each block, those that are there already among them.
    """
    for block in count(shard[0], shard[1]):
        path = folder / f"prosody_{block:05d}.npz"
        if not path.exists():
            numbers = range(block * size, (block + 1) * size)
            clips = [clip for n in numbers for clip in make_clips(teacher, sources, n)]
            if not clips:
                raise ValueError(f"none of the texts of block {block} can be spoken")
            write_block(path, clips)
        yield sum(clip.seconds for clip in read_block(path))


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.teacher_speech prosody",
                                     description=__doc__)  # fmt: skip
    add_arguments(parser, hours=60.0)
    parser.add_argument("--voices", type=Path, required=True, help="what the verb `voices` wrote")
    parser.add_argument("--block", type=int, default=100, help="texts tried in a file")
    parser.add_argument("--readings", type=int, default=4, help="voices that read each text")
    options = parser.parse_args(arguments)
    from tools.teacher_speech.kokoro import Kokoro  # noqa: PLC0415  (the extra `teacher`)

    options.out.mkdir(parents=True, exist_ok=True)
    sources = Sources(read_texts(options.texts), read_held_out(options.held_out),
                      load_packs(options.voices), options.readings, options.seed)  # fmt: skip
    shard, hours = shard_of(options.shard), 0.0
    blocks = make_blocks(options.out, Kokoro(), sources, options.block, shard)
    while hours < options.hours:
        hours += next(blocks) / 3600
        print(f"{options.out}, shard {options.shard}: {hours:.2f} h", flush=True)
