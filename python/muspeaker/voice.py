r"""Voices: what cloning gives, and their files.

A voice file holds, all little-endian:

1. the magic `MUSPVOX\n`, then as uint32 the format version, the bytes of the header and a CRC-32 of all
   that follows;
2. the header, JSON: `name`, `fingerprint` and `consent` (texts), `embedding` (length of `Voice.vector`),
   `speaker_embedding` (how many of these are the speaker embedding; absent in old files, where it is all of
   them), `style_frames` and `hidden` (shape of `Voice.style`), `language` (absent in old files, where it is empty)
   and, in version 2, `decoder_shapes` (`DecoderChanges.shapes`);
3. the vector as float32, one float32 scale a style frame, and the style as int8, frame after frame;
4. in version 2, `scales` and `codes` of `DecoderChanges`.

Version 2 is written only of voices whose decoder has learnt something.
"""

from __future__ import annotations

import copy
import json
import os
import struct
import warnings
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.decoder_changes import DecoderChanges
from muspeaker.sound.files import check_readable, write_whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SUFFIX = ".voice"
MAGIC = b"MUSPVOX\n"
FORMAT_VERSION = 2
MAX_FILE_BYTES = 16_000_000
MAX_TENSORS = 10_000  # of a decoder
MAX_NOTE_CHARACTERS = 1000  # characters in a name or a note of consent
MAX_VALUE = 1000.0  # largest of any number in a voice; real ones stay below 20
DEFAULT_NAME = "nell"
VOICES_FOLDER = Path(__file__).parent / "voices"

_PREAMBLE = struct.Struct("<8sIII")  # magic, version, bytes of the header, CRC-32
_CODES = 127
_TEXTS = ("name", "fingerprint", "consent", "language")


class Voice:
    """One speaker: timbre and manner, as one model hears them.

    The style is held at eight bits a value, with one scale a frame, so that a saved voice speaks
    exactly as the one just cloned. Voices compare by identity and can be keys of a dict.

    Attributes:
        vector: (values,) float32. The speaker embedding; then, in some models, mean and deviation of each
            mel band of the prompt; then, in some, the spectral map from the model's rendering of the
            prompt to the prompt itself.
        style: (style_frames, hidden) float32, the manner of the prompt at a quarter of the frame rate.
        name: Name for people to read.
        fingerprint: Fingerprint of the model that made the voice. No other model can speak with it.
        embedding: Length of the speaker embedding, with which the vector begins.
        consent: Who agreed to the cloning, when and to what, in the user's own words. Kept in the file.
        language: Tag of the language that the voice speaks where none is asked for; empty is the model's first.
        changes: What the decoder has learnt of the prompt, if the voice was cloned with `refine`; else None.

    Raises:
        TypeError: If a part is of another type.
        ValueError: If an array is empty or misshapen, or a value is not finite or out of all proportion.
    """

    changes: DecoderChanges | None = None  # of voices pickled by a version without them, too

    def __init__(
        self,
        vector: ArrayLike,
        style: ArrayLike,
        *,
        name: str = "",
        fingerprint: str = "",
        consent: str = "",
        language: str = "",
        embedding: int | None = None,
        changes: DecoderChanges | None = None,
    ) -> None:
        self.vector = _checked_array(vector, "vector", 1)
        self.style = _decoded(*_encoded(_checked_array(style, "style", 2)))
        self.embedding = len(self.vector) if embedding is None else embedding
        if not 1 <= self.embedding <= len(self.vector):
            raise ValueError(f"embedding must be 1 to {len(self.vector)}, got {embedding}")
        self.name = checked_text(name, "name")
        self.fingerprint = checked_text(fingerprint, "fingerprint")
        self.consent = checked_text(consent, "consent")
        self.language = checked_text(language, "language")
        if not isinstance(changes, DecoderChanges | None):
            raise TypeError(f"changes must be DecoderChanges, got {type(changes).__name__}")
        self.changes = changes

    def __repr__(self) -> str:
        return f"Voice({self.name!r}, {len(self.style)} style frames, model {self.fingerprint})"

    @property
    def timbre(self) -> NDArray[np.float32]:
        """Old name of `vector`."""
        warnings.warn("Voice.timbre is now Voice.vector", DeprecationWarning, stacklevel=2)
        return self.vector

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the voice to one file, under 110 kB for a prompt of 30 s, or 2.5 MB with `changes`.

        Raises:
            FileNotFoundError: If the folder does not exist.
        """
        codes, scales = _encoded(self.style)
        changes = self.changes
        learnt = {} if changes is None else {"decoder_shapes": changes.shapes}
        header = json.dumps({
            "name": self.name,
            "fingerprint": self.fingerprint,
            "consent": self.consent,
            "language": self.language,
            "embedding": len(self.vector),
            "speaker_embedding": self.embedding,
            "style_frames": self.style.shape[0],
            "hidden": self.style.shape[1],
        } | learnt).encode()  # fmt: skip
        arrays = [self.vector.astype("<f4"), scales.astype("<f4"), codes]
        if changes is not None:
            arrays += [changes.scales.astype("<f4"), changes.codes]
        body = header + b"".join(array.tobytes() for array in arrays)
        preamble = _PREAMBLE.pack(MAGIC, 1 if changes is None else 2, len(header), zlib.crc32(body))
        write_whole(Path(path), preamble + body)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Voice:
        """Read a file of `save`.

        Raises:
            FileNotFoundError: If it does not exist.
            ValueError: If it is no voice file, is damaged, or was written by a newer version.
        """
        path = Path(path)
        check_readable(path, "voice file")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        return cls._parsed(data, f"voice file {str(path)!r}")

    @classmethod
    def from_bytes(cls, data: bytes) -> Voice:
        """Read the contents of a file of `save`.

        Raises:
            ValueError: If they are none, are damaged, or were written by a newer version.
        """
        return cls._parsed(data, "voice")

    @classmethod
    def builtin(cls, name: str = DEFAULT_NAME) -> Voice:
        """Load a voice that ships with the package. Its file is read again only where it has changed.

        Raises:
            ValueError: If there is none of that name.
        """
        names = cls.builtin_names()
        if name not in names:
            raise ValueError(
                f"no built-in voice {name!r}: expected {' or '.join(names) or 'none ships'}"
            )
        return shipped_voice(name)

    @staticmethod
    def builtin_names() -> list[str]:
        """Names of the voices that ship with the package."""
        try:
            files = os.listdir(VOICES_FOLDER)  # noqa: PTH208 (whoever speaks asks: a Path each is slow)
        except FileNotFoundError:
            return []
        return sorted(file.removesuffix(SUFFIX) for file in files if file.endswith(SUFFIX))

    @classmethod
    def mix(cls, weights: Mapping[Voice, float], *, name: str = "") -> Voice:
        """Blend voices of one model.

        The vector is the weighted mean, its speaker embedding scaled to the mean length of the parts'
        embeddings. The manner is a sequence, so each voice gives frames in proportion to its weight.
        Notes of consent are kept, one after the other. The language is that of the heaviest part.
        What decoders have learnt adds up by weight; a voice whose decoder has learnt nothing adds nothing.

        Args:
            weights: Each voice with a positive weight. Weights are scaled to a sum of 1.
            name: Name of the new voice. Defaults to the names and weights of the parts.

        Raises:
            TypeError: If this is not a mapping of voices to numbers.
            ValueError: If it is empty, a weight is not positive, or the models differ.
        """
        shares = _checked_weights(weights)
        voices = list(shares)
        fingerprints = {voice.fingerprint for voice in voices}
        shapes = {(v.vector.shape, v.embedding, v.style.shape[1]) for v in voices}
        if len(fingerprints) > 1 or len(shapes) > 1:
            raise ValueError(f"voices of one model can be mixed, got models {sorted(fingerprints)}")
        vector = np.sum([share * voice.vector for voice, share in shares.items()], axis=0)
        speaker = slice(voices[0].embedding)
        length = sum(
            share * float(np.linalg.norm(v.vector[speaker])) for v, share in shares.items()
        )
        vector[speaker] *= length / max(float(np.linalg.norm(vector[speaker])), 1e-12)
        total = min(len(voice.style) / share for voice, share in shares.items())
        style = [voice.style[: max(1, round(share * total))] for voice, share in shares.items()]
        notes = dict.fromkeys(voice.consent for voice in voices if voice.consent)
        learnt = [(share, v.changes) for v, share in shares.items() if v.changes is not None]
        parts = name or "+".join(f"{voice.name}:{share:.2g}" for voice, share in shares.items())
        return cls(
            vector,
            np.concatenate(style),
            name=parts[:MAX_NOTE_CHARACTERS],
            fingerprint=fingerprints.pop(),
            consent="; ".join(notes)[:MAX_NOTE_CHARACTERS],
            language=max(voices, key=shares.__getitem__).language,
            embedding=voices[0].embedding,
            changes=DecoderChanges.mix(learnt) if learnt else None,
        )

    @classmethod
    def _parsed(cls, data: bytes, what: str) -> Voice:
        if len(data) < _PREAMBLE.size or not data.startswith(MAGIC):
            raise ValueError(f"{what} is no voice file: expected it to begin with {MAGIC!r}")
        _, version, header_bytes, checksum = _PREAMBLE.unpack_from(data)
        if version > FORMAT_VERSION:
            raise ValueError(
                f"{what} has format version {version}: this version of muspeaker reads up to "
                f"{FORMAT_VERSION}, please upgrade"
            )
        body = data[_PREAMBLE.size :]
        if version < 1 or zlib.crc32(body) != checksum:
            raise ValueError(f"{what} is truncated or damaged: its checksum does not match")
        try:
            header = json.loads(body[:header_bytes])
            vector_size, frames, hidden = (
                _size(header, k) for k in ("embedding", "style_frames", "hidden")
            )
            embedding = _size({"speaker_embedding": vector_size} | header, "speaker_embedding")
            shapes = _shapes(header["decoder_shapes"]) if version > 1 else []
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{what} has a damaged header: {error}") from error
        arrays = body[header_bytes:]
        own = 4 * vector_size + 4 * frames + frames * hidden
        num_scales, num_codes = sum(r for r, _ in shapes), sum(r * n for r, n in shapes)
        expected = own + 4 * num_scales + num_codes
        if len(arrays) != expected:
            raise ValueError(
                f"{what} is damaged: expected {expected} bytes of arrays, got {len(arrays)}"
            )
        vector = np.frombuffer(arrays, "<f4", vector_size)
        scales = np.frombuffer(arrays, "<f4", frames, 4 * vector_size)
        codes = np.frombuffer(arrays, np.int8, frames * hidden, 4 * (vector_size + frames))
        style = _decoded(codes.reshape(frames, hidden), scales)
        changes = None
        if shapes:
            change_scales = np.frombuffer(arrays, "<f4", num_scales, own).astype(np.float32)
            change_codes = np.frombuffer(arrays, np.int8, num_codes, own + 4 * num_scales)
            changes = DecoderChanges(change_codes, change_scales, shapes)
        texts = {key: header.get(key, "") for key in _TEXTS}
        return cls(vector, style, embedding=embedding, changes=changes, **texts)


def is_voice_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file has the suffix of a voice file, or its first bytes."""
    path = Path(path)
    if path.suffix == SUFFIX or not path.is_file():
        return path.suffix == SUFFIX
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def shipped_voice(name: str) -> Voice:
    """Voice.builtin(name), where it is known that there is one of that name."""
    path = VOICES_FOLDER / f"{name}{SUFFIX}"
    status = path.stat()
    kept = _kept(path, status.st_mtime_ns, status.st_size)
    voice = copy.copy(kept)  # the caller may change it
    voice.vector, voice.style = kept.vector.copy(), kept.style.copy()
    return voice


@lru_cache(maxsize=32)
def _kept(path: Path, changed_ns: int, num_bytes: int) -> Voice:  # noqa: ARG001 (keys of the cache)
    """The voice in a file of that age and size."""
    return Voice.load(path)


def _size(header: dict[str, Any], key: str) -> int:
    size = header[key]
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 1_000_000:
        raise ValueError(f"{key} must be 1 to 1000000, got {size!r}")
    return size


def _shapes(given: object) -> list[tuple[int, int]]:
    """Rows and their length of each tensor of a decoder."""
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_TENSORS:
        raise ValueError(f"decoder_shapes must be 1 to {MAX_TENSORS} pairs")
    pairs = [{"rows": rows, "length": length} for rows, length in given]
    return [(_size(pair, "rows"), _size(pair, "length")) for pair in pairs]


def checked_text(text: object, name: str) -> str:
    """A text of a voice; raises TypeError if it is none, ValueError if it is too long or no Unicode."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, got {type(text).__name__}")
    if len(text) > MAX_NOTE_CHARACTERS:
        raise ValueError(
            f"{name} is too long: expected at most {MAX_NOTE_CHARACTERS} characters, got {len(text)}"
        )
    if not is_unicode(text):
        raise ValueError(f"{name} has a lone surrogate, which is no character: {text!a}")
    return text


def check_name(path: Path) -> None:
    """Raise ValueError if the file system has the name of a voice file in bytes that are no UTF-8."""
    if not is_unicode(path.name):
        raise ValueError(f"voice file {str(path)!a} has a name that is no text")


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked_array(array: ArrayLike, name: str, num_axes: int) -> NDArray[np.float32]:
    raw = np.asarray(array)
    if raw.dtype.kind != "f":
        raise TypeError(f"{name} must be float32, got dtype {raw.dtype}")
    if raw.ndim != num_axes or raw.size == 0:
        raise ValueError(
            f"{name} must have {num_axes} axes and be non-empty, got shape {raw.shape}"
        )
    values = np.ascontiguousarray(raw, dtype=np.float32).copy()
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has non-finite values")
    most = float(values.flat[np.abs(values).argmax()])
    if abs(most) > MAX_VALUE:
        raise ValueError(f"{name} has a value of {most:.3g}: expected at most {MAX_VALUE:g}")
    return values


def _checked_weights(weights: Mapping[Voice, float]) -> dict[Voice, float]:
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights must be a dict of Voice to number, got {type(weights).__name__}")
    if not weights:
        raise ValueError("expected at least one voice to mix, got none")
    for voice, weight in weights.items():
        if not isinstance(voice, Voice):
            raise TypeError(f"expected a Voice to mix, got {type(voice).__name__}")
        if isinstance(weight, bool) or not isinstance(
            weight, (int, float, np.integer, np.floating)
        ):
            raise TypeError(
                f"weight of {voice.name!r} must be a number, got {type(weight).__name__}"
            )
        if not (np.isfinite(weight) and weight > 0):
            raise ValueError(f"weight of {voice.name!r} must be positive, got {weight}")
    total = float(sum(weights.values()))
    return {voice: float(weight) / total for voice, weight in weights.items()}


def _encoded(style: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Eight bits a value and one scale a frame.

    The scale has 11 significant bits, rounded up, so that decoding and encoding again changes nothing.
    """
    peaks = np.abs(style).max(axis=1).astype(np.float64)
    mantissa, exponent = np.frexp(np.maximum(peaks, 1e-30) / _CODES)
    scales = np.ldexp(np.ceil(mantissa * 2048) / 2048, exponent)
    codes = np.rint(style / scales[:, None]).astype(np.int8)
    return codes, scales.astype(np.float32)


def _decoded(codes: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(codes.astype(np.float32) * scales[:, None])
