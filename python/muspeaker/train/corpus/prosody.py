"""Files of prosody without speech: what a teacher would have spoken, as durations, F0 and energy.

`python -m tools.teacher_speech prosody` writes them, and `muspeaker-train predictors` learns from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.sound.files import whole_file
from muspeaker.train.corpus.manifest import GIVEN_FRAME_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    import numpy.typing as npt

CONTOUR_FRAMES = 2  # of F0 and energy for each unit of durations
FILES = "prosody_*.npz"
# Array of a file and the field of a clip that it holds, in the order of the fields.
COLUMNS = {"ids": "id", "kinds": "kind", "texts": "text", "phones": "phones",
           "speakers": "speaker", "styles": "style", "languages": "language",
           "speeds": "speed"}  # fmt: skip


@dataclass(frozen=True)
class Prosody:
    """Rhythm and melody of one clip.

    Args:
        durations: (phones + 2,) int, frames of `GIVEN_FRAME_SECONDS`: the silence before the first phone,
            each phone, the silence after the last.
        f0: (2 * sum of durations,) float32, Hz, two frames a unit of durations; near 0 where unvoiced,
            with a slope of some frames between.
        energy: The same frames, float32, the teacher's own normalized log-energy.
    """

    durations: npt.NDArray[Any]
    f0: npt.NDArray[Any]
    energy: npt.NDArray[Any]


@dataclass(frozen=True)
class ProsodyClip:
    """One clip of a file: what was read, how, and what came of it."""

    id: str
    kind: str
    text: str
    phones: str
    speaker: str
    style: str
    language: str
    speed: float
    prosody: Prosody = field(repr=False)

    @property
    def seconds(self) -> float:
        """Length of the speech, silences included."""
        return int(self.prosody.durations.sum()) * GIVEN_FRAME_SECONDS


def read_block(path: Path) -> Iterator[ProsodyClip]:
    """The clips of one file.

    Args:
        path: What `write_block` wrote: the arrays of `COLUMNS`, one entry a clip, and `durations`, `f0` and
            `energy` of all clips end to end. A clip has two durations more than phones and two frames of
            F0 and energy for each unit of its durations.
    """
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    ends = np.cumsum([len(phones) + 2 for phones in arrays["phones"]])
    token = frame = 0
    for number, end in enumerate(ends):
        durations = arrays["durations"][token:end].astype(int)
        last = frame + CONTOUR_FRAMES * int(durations.sum())
        f0, energy = (arrays[name][frame:last].astype(np.float32) for name in ("f0", "energy"))
        fields = {field_: arrays[name][number].item() for name, field_ in COLUMNS.items()}
        yield ProsodyClip(**fields, prosody=Prosody(durations, f0, energy))
        token, frame = end, last


def write_block(path: Path, clips: list[ProsodyClip]) -> None:
    """Write clips so that `read_block` finds them; durations as int16, F0 and energy as float16."""
    arrays: dict[str, Any] = {
        name: np.array([getattr(clip, field_) for clip in clips])
        for name, field_ in COLUMNS.items()
    }
    for name, dtype in (("durations", np.int16), ("f0", np.float16), ("energy", np.float16)):
        joined = np.concatenate([getattr(clip.prosody, name) for clip in clips])
        arrays[name] = joined.astype(dtype)
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
