"""Audio: samples with the times of words and phones."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.sound.files import check_path, write_whole
from muspeaker.sound.span import moved
from muspeaker.sound.writers import (
    ALL_FORMATS,
    known_suffix,
    open_writer,
    tagged,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence
    from typing import IO

    from numpy.typing import NDArray

    from muspeaker.sound.span import Span


@dataclass(frozen=True, eq=False)
class Audio:
    """Speech with the times of its words and phones.

    Attributes:
        samples: (samples,) float32, full scale 1; (samples, 2), left and right, if it is stereo.
        sample_rate: Samples per second.
        words: Words with their times, as written once numbers and abbreviations are spelled out.
        phones: Phones with their times; pauses are the gaps between them.
        watermark: Number that the mark of the speech carries; None if it has no mark. Other programs' changes
            do not show here: `muspeaker.detect` listens.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    words: list[Span] = field(default_factory=list)
    phones: list[Span] = field(default_factory=list)
    watermark: int | None = None

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def channels(self) -> int:
        """1, or 2 if it is stereo."""
        return 1 if self.samples.ndim == 1 else int(self.samples.shape[1])

    @classmethod
    def join(cls, chunks: Iterable[Audio]) -> Audio:
        """Join several recordings of one rate, end to end.

        Raises:
            ValueError: If there is none, or their rates or channels differ.
        """
        parts = list(chunks)
        rates = {part.sample_rate for part in parts}
        if len(rates) != 1:
            raise ValueError(
                f"expected chunks of one sample rate, got {sorted(rates) or 'no chunks'}"
            )
        counts = {part.channels for part in parts}
        if len(counts) != 1:
            raise ValueError(f"expected chunks of as many channels, got {sorted(counts)}")
        words: list[Span] = []
        phones: list[Span] = []
        start = 0.0
        for part in parts:
            words += _shifted(part.words, start)
            phones += _shifted(part.phones, start)
            start += part.duration
        samples = np.concatenate([part.samples for part in parts])
        marks = (part.watermark for part in parts if part.watermark is not None)
        return cls(samples, parts[0].sample_rate, words, phones, next(marks, None))

    def encode(
        self,
        suffix: str = ".wav",
        *,
        bit_rate: int | None = None,
        metadata: Mapping[str, str] | None = None,
        bits: int | None = None,
    ) -> bytes:
        """The contents of a sound file.

        Args:
            suffix: Format, with or without the dot: `wav` (16 bit), `flac`, `ogg`, `opus`, `mp3`, `aiff`,
                `au`, or `pcm`: headerless 16-bit little-endian samples, channels interleaved. With the extra
                `media` also `m4a` and `m4b`.
            bit_rate: Bits per second, for `mp3`, `opus`, `m4a` and `m4b`; None is the encoder's own choice.
            metadata: Texts by `title`, `artist`, `album`, `date`, `genre`, `copyright`, `tracknumber` and
                `comment`. The comment of speech with a watermark says that it is synthetic, too.
            bits: Bits of a sample, for `wav`, `flac`, `aiff` and `au`: 16, 24, or 32 for float. Then the
                samples that were read from a file with as many are written exactly. None is 16, where full
                scale is 32767.

        Raises:
            TypeError: If an argument has another type.
            ValueError: If the format is none of these, or has no bit rate, metadata or such samples.
            RuntimeError: If the extra is missing.
        """
        buffer = io.BytesIO()
        suffix = known_suffix(suffix)
        if self.watermark is not None:
            metadata = tagged(metadata, suffix)
        writer = open_writer(
            buffer,
            suffix,
            self.sample_rate,
            self.channels,
            bit_rate=bit_rate,
            metadata=metadata,
            bits=bits,
        )
        writer.write(self.samples)
        writer.close()
        return buffer.getvalue()

    def save(
        self,
        path: str | os.PathLike[str] | IO[bytes],
        suffix: str | None = None,
        *,
        bit_rate: int | None = None,
        metadata: Mapping[str, str] | None = None,
        bits: int | None = None,
    ) -> None:
        """Write a sound file in the format of its suffix. An interrupted write leaves no file.

        Args:
            path: Path of the file; or a file opened in binary mode, which stays open.
            suffix: Format as for `encode`. None is that of the path's name, or WAV for an open file.
            bit_rate: As for `encode`.
            metadata: As for `encode`.
            bits: As for `encode`.

        Raises:
            TypeError: As `encode`.
            ValueError: If the suffix names no known format, or as `encode`.
            FileNotFoundError: If the folder does not exist.
        """
        if hasattr(path, "write"):
            path.write(
                self.encode(suffix or ".wav", bit_rate=bit_rate, metadata=metadata, bits=bits)
            )
            return
        path = Path(path)
        if suffix is None:
            check_sound_path(path)
        encoded = self.encode(
            suffix or path.suffix, bit_rate=bit_rate, metadata=metadata, bits=bits
        )
        write_whole(path, encoded)

    def play(self) -> None:
        """Play on the sound card; returns when the last sample is heard.

        Raises:
            RuntimeError: If there is no way to a sound card; the message names some.
        """
        from muspeaker.sound.player import open_player  # noqa: PLC0415 (it plays an Audio)

        player = open_player(self.sample_rate, self.channels)
        player.write(self)
        player.close()

    def panned(self, position: float) -> Audio:
        """Place the speech in stereo, equally loud at every position.

        Args:
            position: -1 is left, 0 the middle, 1 right.

        Raises:
            ValueError: If it is stereo already, or the position is out of range.
        """
        if self.samples.ndim != 1:
            raise ValueError(f"expected one channel to place, got {self.channels}")
        if not -1 <= position <= 1:
            raise ValueError(f"position must be -1 to 1, got {position}")
        angle = (position + 1) * np.pi / 4
        gains = np.array([np.cos(angle), np.sin(angle)], np.float32)  # gains of constant power
        stereo = np.ascontiguousarray(self.samples[:, None] * gains)
        return replace(self, samples=stereo)

    def to_srt(self) -> str:
        """Subtitles in SubRip format: one cue a sentence, or several for a long one."""
        from muspeaker.sound import subtitles  # noqa: PLC0415 (few callers want them)

        return subtitles.to_srt(subtitles.cues(self.words, self.duration))

    def to_vtt(self) -> str:
        """Subtitles in WebVTT format, with the speakers of a dialogue."""
        from muspeaker.sound import subtitles  # noqa: PLC0415 (few callers want them)

        return subtitles.to_vtt(subtitles.cues(self.words, self.duration))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The samples, where NumPy is asked for an array of the speech.

        Raises:
            ValueError: If they are wanted as another type and must not be copied.
        """
        samples = self.samples if dtype is None else self.samples.astype(dtype, copy=False)
        if copy is False and samples is not self.samples:
            raise ValueError(f"the samples are {self.samples.dtype}: {dtype} needs a copy")
        return samples.copy() if copy else samples

    def _repr_html_(self) -> str:
        import base64  # noqa: PLC0415 (for notebooks)

        data = base64.b64encode(self.encode(".wav")).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'

    def __repr__(self) -> str:
        words = " ".join(word.text for word in self.words[:6])
        more = " …" if len(self.words) > 6 else ""
        return f"Audio({self.duration:.2f} s, {self.sample_rate} Hz, {words + more!r})"


def _shifted(spans: Sequence[Span], seconds: float) -> list[Span]:
    return [moved(span, seconds) for span in spans]


def check_sound_path(path: Path) -> None:
    """Raise what `Audio.save` would raise for this path, before there is anything to save."""
    if not path.suffix:
        raise ValueError(f"no file suffix in {str(path)!r}: expected {', '.join(ALL_FORMATS)}")
    known_suffix(path.suffix)
    check_path(path)
