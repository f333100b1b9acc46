"""The measured tables of `docs/performance.md`, from one record."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from tools.rtf_history.record import only

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = 120  # of a line of prose
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
FLOAT_BYTES, INT8_BYTES = 4, 1
ONCE_A_VOICE = ("style_encoder", "timbre_encoder", "timbre_projection")
TIMED_TOGETHER = {  # counted part: what the engine times it with
    **dict.fromkeys(("linguistic_encoder", "vp_flow", "fusion", "duration_predictor"), "content"),
    **dict.fromkeys(("pitch_predictor", "energy_predictor"), "melody"),
    "variation_adapter": "mel_decoder",  # its embeddings of pitch and energy
    "vocoder source": "vocoder",
}
UNKNOWN = "not measured"
IDLE_LOAD = (
    0.5  # over the number of cores, with which the benchmarks at two threads fill the machine
)


def write_page(page: Path, record: dict[str, Any]) -> None:
    """Put the tables between the marks.

    Raises:
        ValueError: If the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no {BEGIN} … {END}")
    tables = "\n\n".join(section(record) for section in SECTIONS)
    lines = "\n".join(_wrapped(line) for line in tables.split("\n"))
    page.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}", encoding="utf-8")


def _wrapped(line: str) -> str:
    return line if line.startswith("|") else textwrap.fill(line, COLUMNS)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def heading(record: dict[str, Any]) -> str:
    """What machine, when, and how busy."""
    machine = record["machine"]
    return (
        f"Commit {record['commit']}, {record['date']} UTC; {machine.get('processor', '?')}, "
        f"{machine.get('cores', '?')} cores, {machine.get('instruction_sets', '?')}, "
        f"load average {machine.get('load_average', '?')} "
        "during the run (about 1 of it the run itself; more, and the wall times are those of a busy "
        "machine). RTF is seconds of computing for a second of speech; CPU is of all threads together."
    )


def bars(record: dict[str, Any]) -> str:
    """What the project asks of the engine, and what it gives."""
    machine, rows = record["machine"], []
    busy = machine.get("load_average", 0) > machine.get("cores", 1) + IDLE_LOAD
    for label, wanted, value, unit in bar_values(record):
        if value is None:
            rows.append([label, shown(wanted, unit), UNKNOWN, ""])
            continue
        met = value >= -wanted if wanted < 0 else value <= wanted
        answer = "yes" if met else "**no**"
        if busy and "wall" in label:
            answer = "cannot be said: other programs ran"
        rows.append([label, shown(wanted, unit), f"{value:.3g}{unit}", answer])
    return "### Bars\n\n" + table(["bar", "wanted", "measured", "met"], rows)


def shown(wanted: float, unit: str) -> str:
    """A bar in words; a negative one is a least value."""
    return f"at least {-wanted:g}{unit}" if wanted < 0 else f"at most {wanted:g}{unit}"


def bar_values(record: dict[str, Any]) -> list[tuple[str, float, float | None, str]]:
    """Label, bar (negative: at least), value, unit."""

    def engine(size: str, num_threads: int) -> dict[str, Any]:
        return only(record["engine"], size=size, weight_type="q8", num_threads=num_threads)

    def times_faster(peer: str, than: dict[str, Any] | None = None) -> float | None:
        ours = lite if than is None else than
        return ratio(only(record["peers"], name=peer).get("rtf_cpu"), ours.get("rtf_cpu"))

    def scaled(value: float | None, factor: float) -> float | None:
        return None if value is None else value * factor

    lite, lite2, base, base2 = (engine(s, t) for s in ("lite", "base") for t in (1, 2))
    rows = record["scaling"]
    return [
        ("lite q8, 1 thread: RTF, CPU", 0.006, lite.get("rtf_cpu"), ""),
        ("… faster than its PyTorch twin", -8, times_faster("twin_pytorch"), " times"),
        ("… than pocket-tts, smallest size", -5, times_faster("pocket_tts"), " times"),
        ("… than hibari-tts", -1.25, times_faster("hibari"), " times"),
        ("base q8, 1 thread: RTF, CPU", 0.17, base.get("rtf_cpu"), ""),
        ("… faster than in ONNX Runtime f32", -3, times_faster("base_onnx_f32", base), " times"),
        ("base q8, 2 threads: RTF, wall", 0.10, base2.get("rtf_wall"), ""),
        (
            "lite q8, 2 threads against 1, wall",
            -1.6,
            ratio(lite.get("rtf_wall"), lite2.get("rtf_wall")),
            " times",
        ),
        (
            "base q8, 2 threads against 1, wall",
            -1.7,
            ratio(base.get("rtf_wall"), base2.get("rtf_wall")),
            " times",
        ),
        (
            "RTF of 10 minutes against that of 10 s",
            1.1,
            ratio(rows[-1]["rtf_cpu"], rows[1]["rtf_cpu"]) if rows else None,
            " times",
        ),
        (
            "memory of a stream of 10 minutes beyond that of 10 s",
            8,
            (rows[-1]["peak_bytes"] - rows[1]["peak_bytes"]) / 1e6 if rows else None,
            " MB",
        ),
        ("`muspeaker.load()`, lite q8, wall", 50, scaled(lite.get("load_wall"), 1e3), " ms"),
        ("… CPU", 50, scaled(lite.get("load_cpu"), 1e3), " ms"),
        ("cloning a prompt of 5 s, lite q8, wall", 60, scaled(lite.get("clone_wall"), 1e3), " ms"),
        ("… CPU", 60, scaled(lite.get("clone_cpu"), 1e3), " ms"),
        (
            "first chunk of a sentence of ten words, lite q8, wall",
            10,
            scaled(lite.get("first_chunk_wall"), 1e3),
            " ms",
        ),
        ("… CPU", 10, scaled(lite.get("first_chunk_cpu"), 1e3), " ms"),
        ("peak memory, lite q8", 100, scaled(lite.get("peak_bytes"), 1e-6), " MB"),
    ]


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient, or None where a side was not measured."""
    return above / below if above is not None and below else None


def engine_table(record: dict[str, Any]) -> str:
    """Every size, type and number of threads."""
    head = ["model", "threads", "RTF, CPU", "RTF, wall", "first chunk, CPU", "clone 5 s, CPU"]
    head += ["load, CPU", "peak memory", "file"]
    rows = [
        [
            f"{one['size']} {one['weight_type']}",
            str(one["num_threads"]),
            f"{one['rtf_cpu']:.4f}",
            f"{one['rtf_wall']:.4f}",
            *(f"{1e3 * one[f'{name}_cpu']:.0f} ms" for name in ("first_chunk", "clone", "load")),
            f"{one['peak_bytes'] / 1e6:.0f} MB",
            f"{one['file_bytes'] / 1e6:.0f} MB",
        ]
        for one in record["engine"]
    ]
    return "### The engine\n\n" + table(head, rows)


def peers_table(record: dict[str, Any]) -> str:
    """The others, and how many times as long as lite q8 they take."""
    lite = only(record["engine"], size="lite", weight_type="q8", num_threads=1).get("rtf_cpu")
    rows = []
    for peer in record["peers"]:
        times = ratio(peer["rtf_cpu"], lite)
        rows.append(
            [
                peer["detail"],
                f"{peer['rtf_cpu']:.4f}",
                f"{times:.1f}" if times else UNKNOWN,
            ]
        )
    title = "### Others in the same run, one thread\n\n"
    return title + table(["system", "RTF, CPU", "times lite q8"], rows)


def roofline_table(record: dict[str, Any]) -> str:
    """Each part: its work, what the peaks of one core allow, and what fraction is reached."""
    peaks, rows = record["peaks"], []
    for work in record["work"]:
        entry = only(record["engine"], size=work["size"], weight_type="q8", num_threads=1)
        spent = entry.get("parts_rtf_cpu", {})
        for part, products, moved in work_by_part(work):
            int8, f32 = (
                products / peaks[kind] if peaks.get(kind) else None
                for kind in ("int8_products", "f32_products")
            )
            memory = moved / peaks["l2_read_bytes"] if peaks.get("l2_read_bytes") else None
            took = spent.get(part)
            rows.append(
                [
                    f"{work['size']} {part}",
                    f"{products / 1e9:.4f} G",
                    f"{moved / 1e6:.1f} MB",
                    *(micro(limit) for limit in (int8, f32, memory)),
                    micro(took),
                    f"{100 * int8 / took:.0f} %" if took and int8 else UNKNOWN,
                    f"{100 * f32 / took:.0f} %" if took and f32 else UNKNOWN,
                ]
            )
    head = ["part", "MAC", "bytes", "int8 limit", "f32 limit", "L2 limit", "q8 takes"]
    head += ["of int8 peak", "of f32 peak"]
    title = "### Roofline, for a second of speech on one core\n\n"
    return title + peaks_sentence(peaks) + "\n\n" + table(head, rows)


def peaks_sentence(peaks: dict[str, Any]) -> str:
    """The measured peaks in words."""
    if not peaks:
        return "The peaks were not measured."
    return (
        f"Peaks of one core, by `tools/roofline/peaks.cpp` ({peaks['vector_bits']:.0f}-bit vectors): "
        f"{peaks['f32_products'] / 1e9:.0f} G multiply-accumulates a second in f32, "
        f"{peaks['int8_products'] / 1e9:.0f} G in int8; "
        f"{peaks['l1_read_bytes'] / 1e9:.0f} GB/s read from L1, "
        f"{peaks['l2_read_bytes'] / 1e9:.0f} from L2, {peaks['memory_read_bytes'] / 1e9:.0f} from "
        f"memory ({peaks['memory_copy_bytes'] / 1e9:.0f} read and written by a copy)."
    )


def work_by_part(work: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Part, multiply-accumulates and bytes for a second of speech; weights once an utterance, int8."""
    products: dict[str, float] = {}
    moved: dict[str, float] = {}
    for part, count in work["products"].items():
        if part in ONCE_A_VOICE:
            continue
        name = TIMED_TOGETHER.get(part, part)
        weight_bytes = INT8_BYTES * work["weights"].get(part, 0) / work["seconds"]
        products[name] = products.get(name, 0) + count
        moved[name] = moved.get(name, 0) + work["activation_bytes"].get(part, 0) + weight_bytes
    return [(part, products[part], moved[part]) for part in products]


def micro(seconds: float | None) -> str:
    """A small time."""
    return UNKNOWN if seconds is None else f"{1e6 * seconds:.0f} µs"


def blocks_table(record: dict[str, Any]) -> str:
    """The residual blocks by scale: how near the kernels come to the peaks."""
    peaks = record["peaks"]
    rows = []
    for blocks in record["blocks"]:
        peak = peaks.get("int8_products" if blocks["weight_type"] == "q8" else "f32_products")
        for row in blocks["rows"]:
            rate = row["products"] / row["rtf_cpu"]
            rows.append(
                [
                    f"{blocks['size']} {blocks['weight_type']}",
                    str(row["channels"]),
                    f"{row['rate_hz']:.0f}",
                    f"{row['products'] / 1e9:.3f} G",
                    micro(row["rtf_cpu"]),
                    f"{rate / 1e9:.0f} G/s",
                    f"{100 * rate / peak:.0f} %" if peak else UNKNOWN,
                ]
            )
    head = ["model", "channels", "rate, Hz", "MAC", "takes", "reached", "of its peak"]
    title = "### Residual blocks of the vocoder, by scale, for a second of speech\n\n"
    return title + table(head, rows)


def scaling_table(record: dict[str, Any]) -> str:
    """Time and memory by the length of the text."""
    rows = [
        [
            f"{row['audio_seconds']:.1f} s",
            f"{row['rtf_cpu']:.4f}",
            f"{row['peak_bytes'] / 1e6:.1f} MB",
        ]
        for row in record["scaling"]
    ]
    title = "### Length, lite q8 streamed on one thread in a new process\n\n"
    return title + table(["speech", "RTF, CPU", "peak memory"], rows)


SECTIONS = (heading, bars, engine_table, peers_table, scaling_table, roofline_table, blocks_table)
