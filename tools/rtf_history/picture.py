"""The history as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from tools.rtf_history.record import only

if TYPE_CHECKING:
    from pathlib import Path

mpl.use("Agg")
from matplotlib import pyplot as plt

WEIGHT_TYPES = ("q8", "f16", "f32")
SIZES = ("lite", "base")
PEERS = ("twin_pytorch", "twin_onnx_f32", "twin_onnx_int8", "pocket_tts", "hibari", "piper")


def draw(records: list[dict[str, Any]], path: Path) -> None:
    """CPU seconds for a second of speech at one thread, by commit; lite and the peers.

    Args:
        records: Oldest first, at least one.
        path: PNG to write.

    Raises:
        ValueError: If there is no record.
    """
    if not records:
        raise ValueError(f"nothing to draw: no records in the folder of {path.name}")
    figure, axes = plt.subplots(1, len(SIZES), figsize=(12, 4.5))
    labels = [f"{record['commit']}\n{record['date'][5:16].replace('T', ' ')}" for record in records]
    for axis, size in zip(axes, SIZES, strict=True):
        for weight_type in WEIGHT_TYPES:
            wanted = {"size": size, "weight_type": weight_type, "num_threads": 1}
            values = [only(record["engine"], **wanted).get("rtf_cpu") for record in records]
            _line(axis, values, f"{size} {weight_type}", "-")
        for peer in PEERS if size == "lite" else ():
            values = [only(record["peers"], name=peer).get("rtf_cpu") for record in records]
            _line(axis, values, peer.replace("_", " "), ":")
        axis.set(title=f"{size}, one thread", ylabel="CPU seconds for a second of speech")
        axis.set_yscale("log")
        for formatter in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
            formatter("{x:g}")
        axis.tick_params(axis="y", which="both", labelsize=7)
        axis.set_xticks(range(len(labels)), labels, fontsize=7, rotation=30)
        axis.grid(visible=True, which="both", alpha=0.3)
        if axis.lines:
            axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _line(axis: Any, values: list[float | None], label: str, style: str) -> None:
    points = [(at, value) for at, value in enumerate(values) if value is not None]
    if points:
        axis.plot(*zip(*points, strict=True), style, marker="o", label=label)
