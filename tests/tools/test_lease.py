"""The round of a borrowed machine, rehearsed on the CPU: pack, train there, join here, go on."""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.config import SYMBOLS
from muspeaker.sound.loudness import normalize_loudness
from muspeaker.sound.samples import to_int16
from muspeaker.train.corpus.alignment import load_alignment, save_alignment
from muspeaker.train.corpus.cache import Cache, Clip
from muspeaker.train.corpus.leveling import Variant, level_samples
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages import vocoder
from tests import tiny_corpus
from tools.lease import __main__ as command
from tools.lease import archive, codec, corpus, join, pack, state, train

pytestmark = pytest.mark.torch

CONFIG = tiny_corpus.training_config()
CODER = codec.Codec(CONFIG.audio)
HOP, RATE_HZ = 256, 22050
LIMIT_BYTES, PART_BYTES = 1_420_000, 400_000
TINY = ["--batch", "2", "--adversarial-from", "0", "--period-width", "2", "--resolution-width", "2"]


def recording(pitch_hz: float, seed: int, speed: float) -> np.ndarray:
    """A made-up utterance at the model's rate, whole frames, leveled; (samples,) float32."""
    samples = tiny_corpus.utterance(pitch_hz, seed)
    count = round(len(samples) * RATE_HZ / tiny_corpus.RATE_HZ / speed)
    return normalize_loudness(codec.resample(samples, count)[: count // HOP * HOP])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """What prepare, align and timbre would leave; one copy whose recording was too short."""
    folder = tmp_path_factory.mktemp("corpus")
    random = np.random.default_rng(0)
    clips, audio, f0 = [], [], []
    for speed, band_hz in ((1.0, 8000.0), (0.8, 6400.0), (1.25, 10000.0)):
        suffix = "" if speed == 1.0 else f"@{speed}"
        for speaker, pitch_hz in tiny_corpus.PITCHES_HZ.items():
            for number in range(3):
                name = f"{speaker}{number}"
                if (name, speed) == ("anna0", 1.0):
                    continue
                samples = recording(pitch_hz, number, speed)
                frames = len(samples) // HOP
                first = sum(map(len, f0))
                clips.append(
                    Clip(name + suffix, "made_up", speaker + suffix, "", "text", band_hz, speed,
                         first, frames)
                )  # fmt: skip
                audio.append((samples * 32767).astype(np.int16))
                f0.append(np.where(np.arange(frames) % 8 < 4, pitch_hz * speed, 0).astype("f4"))
    np.save(folder / "audio.npy", np.concatenate(audio))
    np.save(folder / "f0.npy", np.concatenate(f0))
    (folder / "index.json").write_text(json.dumps([asdict(clip) for clip in clips]))
    np.save(folder / "timbres.npy", random.normal(size=(len(clips), 16)).astype(np.float32))
    lengths = np.full(len(clips), 10)
    durations = np.concatenate([np.diff(np.linspace(0, c.frames, 11).astype(int)) for c in clips])
    np.savez(
        folder / "alignment.npz",
        numbers=np.arange(len(clips)),
        lengths=lengths,
        tokens=random.integers(0, 3, (3, lengths.sum())).astype(np.int32) % len(SYMBOLS),
        durations=durations,
        scores=random.normal(size=len(clips)),
    )
    return Cache(folder)


@pytest.fixture(scope="module")
def archives(prepared: Cache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus packed, with a checkpoint of the vocoder."""
    root = tmp_path_factory.mktemp("home")
    out = ["--out", str(root / "vocoder"), "--minutes", "0.005"]
    vocoder.main([str(prepared.folder), *out, *TINY], CONFIG)
    checkpoint = str(root / "vocoder" / "vocoder.pt")
    pack.main([str(prepared.folder), "--checkpoint", checkpoint, "--out", str(root / "archives"),
               "--limit-mb", str(LIMIT_BYTES / 1e6)])  # fmt: skip
    return root / "archives"


def train_there(archives: Path, folder: Path, stage: str, extra: list[str]) -> None:
    """A second of a stage on the other machine."""
    train.main(
        [str(archives), "--stage", stage, "--minutes", "0.005", "--work", str(folder / "work"),
         "--parts", str(folder / "parts"), "--part-bytes", str(PART_BYTES), "--workers", "1",
         "--", *extra],
        CONFIG,
    )  # fmt: skip


def test_the_whole_round(archives, tmp_path):
    sizes = [path.stat().st_size for path in archives.iterdir()]
    assert len(sizes) > 1
    assert max(sizes) <= LIMIT_BYTES
    home = archives.parent / "vocoder" / "vocoder.pt"
    before = load_checkpoint(home)
    train_there(archives, tmp_path, "vocoder", TINY)
    parts = list((tmp_path / "parts").iterdir())
    assert 1 < len(parts) <= train.MAX_PARTS
    assert max(path.stat().st_size for path in parts) <= PART_BYTES
    join.main([str(tmp_path / "parts"), "--runs", str(tmp_path / "runs")])
    joined = load_checkpoint(tmp_path / "runs" / "vocoder" / "vocoder.pt")
    assert joined["step"] > before["step"]
    out = ["--out", str(tmp_path / "runs" / "vocoder"), "--minutes", "0.005"]
    vocoder.main([str(tmp_path / "work" / "corpus"), *out, *TINY], CONFIG)
    assert load_checkpoint(tmp_path / "runs" / "vocoder" / "vocoder.pt")["step"] > joined["step"]


def test_a_stage_that_was_never_begun_trains_there_too(archives, tmp_path, monkeypatch):
    for missing in ("soxr", "torch.utils.tensorboard"):  # as where they are not installed
        monkeypatch.setitem(sys.modules, missing, None)
    train_there(
        archives,
        tmp_path,
        "teacher",
        ["--adversarial-from", "0", "--frames", "700", "--discriminator-width", "2"],
    )
    join.main([str(tmp_path / "parts"), "--runs", str(tmp_path / "runs")])
    assert load_checkpoint(tmp_path / "runs" / "teacher" / "teacher.pt")["step"] >= 1


ROOT = Path(__file__).parents[2]
BARE = {"numpy", "torch", "tqdm"}  # tqdm has a stand-in; see below


def source_of(module: str) -> Path | None:
    """The file of a module of ours, if it is one."""
    place = Path(*module.split("."))
    for base in (ROOT / "python", ROOT):
        for path in (base / place.with_suffix(".py"), base / place / "__init__.py"):
            if path.exists():
                return path
    return None


def imported_at_once(path: Path) -> set[str]:
    """Modules, and names in them, that a file imports when it is imported itself."""
    found = set()
    for node in ast.parse(
        path.read_text(encoding="utf-8")
    ).body:  # none that stands in an if or a def
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages_behind(modules: set[str]) -> dict[str, str]:
    """Packages of others that modules of ours import at once, with the module that does."""
    found, seen, todo = {}, set(), [(name, "") for name in modules]
    while todo:
        name, by = todo.pop()
        top = name.partition(".")[0]
        if top not in {"muspeaker", "tools"}:
            if top not in sys.stdlib_module_names:
                found[top] = by
            continue
        path = source_of(name)
        if path and path not in seen:
            seen.add(path)
            todo += [(other, name) for other in imported_at_once(path)]
            todo.append((name.rpartition(".")[0] or name, by))  # the package that it is in
    return found


def test_a_bare_machine_has_all_that_is_imported():
    stages = {f"muspeaker.train.stages.{name}" for name in ("teacher", "student", "vocoder")}
    needed = packages_behind({"tools.lease.train", *stages})
    assert set(needed) <= BARE, needed
    assert {"soundfile", "parselmouth"} <= set(packages_behind({"muspeaker.train.stages.prepare"}))


def test_progress_bars_are_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    train.stand_in_for_progress_bars()
    assert find_spec("tqdm") is not None
    assert list(import_module("tqdm").tqdm([1, 2], "counting", mininterval=20)) == [1, 2]


def test_unpacked_corpus_is_the_packed_one(prepared, archives, tmp_path):
    corpus.unpack(archives, tmp_path, 1)
    sent = Cache(tmp_path)
    assert [clip.id for clip in sent.clips] == [clip.id for clip in prepared.clips]
    np.testing.assert_allclose(sent.f0, prepared.f0, rtol=1e-3)
    np.testing.assert_allclose(
        np.load(tmp_path / "timbres.npy"), np.load(prepared.folder / "timbres.npy"), rtol=1e-3
    )
    for old, new in zip(prepared.clips, sent.clips, strict=True):
        assert new.span == old.span
        assert new.band_hz <= old.band_hz
        mel = prepared.mel[old.span].astype(float)
        heard = mel > mel.max() - 4
        assert np.abs(sent.mel[new.span][heard] - mel[heard]).mean() < 0.1
        error = sent.samples(new) - prepared.samples(old)
        assert np.square(error).sum() < 0.03 * np.square(prepared.samples(old)).sum()


def test_recordings_that_travel_as_they_are_arrive_as_they_were_prepared(tmp_path):
    """Two clips from files, one through the codec, one left out; labels and timbres go with their clips."""
    soundfile, here = pytest.importorskip("soundfile"), tmp_path / "here"
    here.mkdir()
    spoken, clips, rows = [], [], ["id\tpath"]
    for number, source in enumerate(("files", "codec", "files", "left")):
        samples = recording(150.0 + 20 * number, number, 1.0)
        soundfile.write(here / f"{number}.wav", samples, RATE_HZ, subtype="FLOAT")
        spoken.append(level_samples(samples[:, None], RATE_HZ, Variant(trim=False), CONFIG.audio))
        first = sum(len(one) for one in spoken[:-1]) // HOP
        clips.append(
            Clip(f"c{number}", source, "anna", "", "", RATE_HZ / 2, 1.0, first,
                 len(spoken[-1]) // HOP, durations=[1])
        )  # fmt: skip
        rows += [f"c{number}\t{number}.wav"] if source == "files" else []
    (here / "files.tsv").write_text("\n".join(rows) + "\n")
    np.save(here / "audio.npy", to_int16(np.concatenate(spoken)))
    np.save(here / "f0.npy", np.full(sum(clip.frames for clip in clips), 100, np.float32))
    np.save(here / "timbres.npy", np.arange(4, dtype=np.float32)[:, None])
    (here / "index.json").write_text(json.dumps([asdict(clip) for clip in clips]))
    labels = {
        n: (np.full((3, 1), n, np.int32), np.array([clips[n].frames]), 0.5) for n in (1, 2, 3)
    }
    save_alignment(here / "alignment.npz", labels)
    pack.main([str(here), "--out", str(tmp_path / "archives"), "--hours", "left=0",
               "--files", str(here / "files.tsv")])  # fmt: skip
    corpus.unpack(tmp_path / "archives", tmp_path / "there", 1)
    old, new = Cache(here), Cache(tmp_path / "there")
    assert [clip.id for clip in new.clips] == ["c0", "c1", "c2"]
    for number, exact in ((0, True), (1, False), (2, True)):
        given, arrived = old.samples(old.clips[number]), new.samples(new.clips[number])
        assert np.array_equal(given, arrived) == exact
        assert np.square(given - arrived).sum() < 0.03 * np.square(given).sum()
    assert {n: int(one[0][0, 0]) for n, one in load_alignment(new.folder / "alignment.npz").items()} == {
        1: 1, 2: 2
    }  # fmt: skip
    assert np.load(new.folder / "timbres.npy")[:, 0].tolist() == [0, 1, 2]


def test_bare_checkpoints_have_weights_alone():
    given = {
        "step": 3,
        "model": {},
        "ema": {},
        "optimizer_d": {},
        "discriminator": {},
        "config": {},
    }
    assert state.without_moments(given).keys() == {"step", "model", "ema", "config"}


def test_archives_must_be_complete_and_whole(archives, tmp_path):
    with pytest.raises(archive.ArchiveError, match="holds no lease"):
        archive.find_members(tmp_path)
    for path in archives.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    last = max(tmp_path.iterdir())
    content = bytearray(last.read_bytes())
    last.unlink()
    with pytest.raises(archive.ArchiveError, match=r"lacks archives \[\d+\] of \d+"):
        archive.find_members(tmp_path)
    content[len(content) // 2] ^= 1
    last.write_bytes(content)
    with pytest.raises(archive.ArchiveError):
        corpus.unpack(tmp_path, tmp_path / "work", 1)
    assert not (tmp_path / "work" / "index.json").exists()
    archive.write_archives(tmp_path / "other", [("a", b"b")], 10_000)
    (tmp_path / "other" / "lease-00.zip").replace(last)
    with pytest.raises(archive.ArchiveError, match="different runs"):
        archive.find_members(tmp_path)


def test_a_member_over_the_limit_is_refused(tmp_path):
    with pytest.raises(archive.ArchiveError, match="big is 9000 bytes"):
        archive.write_archives(tmp_path, [("big", bytes(9000))], 8000)


def test_state_survives_in_sixteen_bits():
    weight = torch.randn(100, 100)
    given = {
        "step": 7,
        "model": {"weight": weight, "bias": torch.randn(5), "far": 1e6 * weight},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0), "exp_avg_sq": 1e-12 * weight**2}}},
    }
    packed = state.shrink(given)
    assert len(packed) < 100_000
    grown = state.grow(packed)
    assert grown["step"] == 7
    assert torch.equal(grown["model"]["bias"], given["model"]["bias"])
    assert torch.equal(grown["model"]["far"], given["model"]["far"])
    torch.testing.assert_close(grown["model"]["weight"], weight, rtol=1e-3, atol=1e-6)
    moments = grown["optimizer"]["state"][0]
    assert float(moments["step"]) == 3
    torch.testing.assert_close(moments["exp_avg_sq"], 1e-12 * weight**2, rtol=0.01, atol=0)


def test_parts_must_be_complete_and_whole(tmp_path):
    content = bytes(range(256)) * 10
    paths = state.split(content, tmp_path, "x.pt", 1000, 8)
    assert [path.name for path in paths] == ["x.pt.1-of-3", "x.pt.2-of-3", "x.pt.3-of-3"]
    assert state.join(tmp_path, "x.pt") == content
    with pytest.raises(state.PartError, match=r"26 parts .* at most 8"):
        state.split(content, tmp_path, "x.pt", 100, 8)
    damaged = bytearray(paths[1].read_bytes())
    damaged[5] ^= 1
    paths[1].write_bytes(damaged)
    with pytest.raises(state.PartError, match="damaged"):
        state.join(tmp_path, "x.pt")
    paths[1].unlink()
    with pytest.raises(state.PartError, match="every part"):
        state.join(tmp_path, "x.pt")
    with pytest.raises(state.PartError, match="no parts"):
        join.main([str(tmp_path / "none")])


def test_join_keeps_a_checkpoint_of_more_steps(tmp_path):
    there, runs = tmp_path / "parts", tmp_path / "runs"
    state.split(state.shrink({"step": 5}), there, "vocoder.pt", 10**6, 8)
    join.main([str(there), "--runs", str(runs)])
    state.split(state.shrink({"step": 4}), there, "vocoder.pt", 10**6, 8)
    with pytest.raises(ValueError, match="at step 5, the parts are at 4"):
        join.main([str(there), "--runs", str(runs)])
    join.main([str(there), "--runs", str(runs), "--force"])
    assert load_checkpoint(runs / "vocoder" / "vocoder.pt")["step"] == 4


def test_codec_keeps_the_distance_to_the_noise():
    samples = recording(200.0, 1, 1.0)
    decoded = CODER.decode(CODER.encode(samples, 11025.0))
    ratio = np.square(samples).sum() / np.square(samples - decoded).sum()
    assert 10 * np.log10(ratio) > 18
    assert decoded.dtype == np.float32
    silent = CODER.encode(np.zeros(4 * HOP, np.float32), 8000.0)
    assert np.abs(CODER.decode(silent)).max() == 0


def test_codec_is_exact_where_it_does_not_round(monkeypatch):
    monkeypatch.setattr(codec, "NOISE_DB", ((1000.0, 42.0), (8000.0, 42.0)))
    samples = recording(200.0, 1, 1.0)
    decoded = CODER.decode(CODER.encode(samples, 11025.0))
    assert np.square(samples - decoded).sum() < 2e-4 * np.square(samples).sum()


def test_codec_compression_is_lossless():
    clips = [CODER.encode(recording(150.0, seed, 1.0), 8000.0) for seed in range(2)]
    both = CODER.decompress(*CODER.compress(clips), CODER.num_bands(8000.0))
    assert np.array_equal(both.levels, np.concatenate([clip.levels for clip in clips]))
    assert np.array_equal(both.coefficients, np.concatenate([c.coefficients for c in clips]))


def test_resample_moves_a_tone():
    times = np.arange(22050) / RATE_HZ
    fade = np.sin(np.pi * times) ** 2
    slow = codec.resample((fade * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 27000)
    stretched = np.arange(27000) / 27000
    expected = np.sin(np.pi * stretched) ** 2 * np.sin(2 * np.pi * 440 * stretched)
    assert np.abs(slow - expected).max() < 1e-3


@pytest.mark.parametrize(("words", "code"), [([], 2), (["fetch"], 2), (["--help"], 0)])
def test_command_line(monkeypatch, capsys, words, code):
    monkeypatch.setattr(sys, "argv", ["lease", *words])
    assert command.main() == code
    assert "pack|train|join" in "".join(capsys.readouterr())


def test_command_line_gives_the_reason(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["lease", "join", str(tmp_path)])
    assert command.main() == 1
    assert "holds no parts" in capsys.readouterr().err
