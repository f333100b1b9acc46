"""What a run reports: lines of the log, TensorBoard, and the last samples as files."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.loop import distributed

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
KEEP = 0.98  # decay of the running means in the log


class Journal:
    """Scalars every few steps, pictures and audio when there are some; silent but in the first process.

    Args:
        folder: Gets TensorBoard's files, and `samples/` with the last audio.
        every: Steps between lines.
        rate_hz: Sample rate of the audio.
    """

    def __init__(self, folder: Path, every: int, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._folder = folder
        self._every = every
        self._means: dict[str, torch.Tensor] = {}
        self._mark, self._since = time.monotonic(), 0
        self._writer: Any = _writer(folder) if distributed.rank() == 0 else None

    @property
    def shows(self) -> bool:
        """Whether pictures and audio go anywhere."""
        return self._writer is not None

    def step(self, step: int, losses: dict[str, torch.Tensor], rate: float) -> None:
        """Take the detached losses of one step; they stay on their device until a line is due."""
        for name, value in losses.items():
            self._means[name] = KEEP * self._means.get(name, value) + (1 - KEEP) * value
        self._since += 1
        if step % self._every:
            return
        means = {name: float(distributed.joint_mean(v)) for name, v in self._means.items()}
        now = {name: float(distributed.joint_mean(v)) for name, v in losses.items()}
        if distributed.rank():
            return
        pace = (time.monotonic() - self._mark) / self._since
        shown = " ".join(f"{name} {mean:.3f}" for name, mean in means.items())
        log.info("step %d %.3f s/step %s", step, pace, shown)
        for name, loss in now.items():
            self.scalar(f"loss/{name}", loss, step)
        self.scalar("rate", rate, step)
        self.scalar("seconds_per_step", pace, step)
        self.resume_clock()

    def resume_clock(self) -> None:
        """Leave what happened since the last step out of the pace."""
        self._mark, self._since = time.monotonic(), 0

    def scalar(self, name: str, value: float, step: int) -> None:
        """One number."""
        if self._writer:
            self._writer.add_scalar(name, value, step)

    def picture(self, name: str, values: npt.NDArray[Any], step: int) -> None:
        """A (height, width) array in colours, its first row at the bottom."""
        if self._writer:
            self._writer.add_image(name, _colours(np.asarray(values, np.float32)[::-1]), step)

    def audio(self, name: str, samples: npt.NDArray[np.float32], step: int) -> None:
        """(samples,) at the model's rate, also written to `samples/`."""
        if not self._writer:
            return
        samples = np.asarray(samples, np.float32).clip(-1, 1)
        self._writer.add_audio(name, torch.from_numpy(samples.copy()), step, self._rate_hz)
        import soundfile  # noqa: PLC0415  (a borrowed machine lacks it: there is no writer then)

        path = self._folder / "samples" / f"{name.replace('/', '-')}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, self._rate_hz)

    def flush(self) -> None:
        """Write what is still in memory."""
        if self._writer:
            self._writer.flush()

    def close(self) -> None:
        """End the files."""
        if self._writer:
            self._writer.close()


def _writer(folder: Path) -> Any:
    try:
        import soundfile  # noqa: F401, PLC0415  (what writes the samples)
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  (half a second)
    except ImportError as error:
        log.info("%s is not installed: no curves, pictures or samples", error.name)
        return None
    return SummaryWriter(str(folder), max_queue=1000, flush_secs=60)


def _colours(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(3, height, width) uint8 from low, dark, to high, bright."""
    from matplotlib import colormaps  # noqa: PLC0415  (installed with TensorBoard)

    low, high = float(values.min()), float(values.max())
    unit = (values - low) / max(high - low, 1e-9)
    rgb: npt.NDArray[np.uint8] = colormaps["magma"](unit, bytes=True)[..., :3]
    return rgb.transpose(2, 0, 1)
