"""Teacher speech, made by a teacher who hums: choices, tables, blocks, shards and stops."""

from __future__ import annotations

import re
import sys
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.humming_teacher import PACKS, TEXTS, Hummer, blocks, hum, order
from tools.teacher_speech import __main__ as command
from tools.teacher_speech import hibari, manifest, speak
from tools.teacher_speech.composition import KINDS, PASSAGE, compose
from tools.teacher_speech.phrases import Phrases
from tools.teacher_speech.pruning import border, prune
from tools.teacher_speech.speech import make_speech, read_table, shard_of, table_of
from tools.teacher_speech.texts import read_held_out, read_texts
from tools.teacher_speech.voices import Voice, choose, load_packs

if TYPE_CHECKING:
    from pathlib import Path

# Voices


def test_a_clip_is_a_pack_a_blend_or_a_crossing_a_third_each() -> None:
    voices = [choose(PACKS, [0, 0, number]) for number in range(600)]
    kinds = Counter("~" in v.speaker or 2 * ("+" in v.speaker) for v in voices)
    assert all(150 < count < 250 for count in kinds.values())
    assert {v.speaker[0] for v in voices} == {"a", "b"}
    assert not any("nicole" in v.speaker for v in voices)
    for voice in voices:
        name, other = (*re.split("[+~]", voice.speaker), "")[:2]
        if "+" in voice.speaker:
            other, percent = other.rsplit("_", 1)
            expected = int(percent) / 100 * PACKS[name] + (1 - int(percent) / 100) * PACKS[other]
            np.testing.assert_allclose(voice.pack, expected, rtol=1e-6)
            assert voice.style == voice.speaker
        elif "~" in voice.speaker:
            assert (voice.pack[:, :128] == PACKS[name][:, :128]).all()
            assert (voice.pack[:, 128:] == PACKS[other][:, 128:]).all()
            assert voice.style == other
        assert voice.language == ("en-GB" if name[0] == "b" else "en-US")
        assert not other or other[0] == name[0]
        assert 0.85 <= voice.speed <= 1.12


def test_the_choice_is_that_of_the_speech_made_before() -> None:
    names = """alloy aoede bella heart jessica kore nicole nova river sarah sky"""
    males = "adam echo eric fenrir liam michael onyx puck santa"
    real = [f"af_{n}" for n in names.split()] + [f"am_{n}" for n in males.split()]
    real += ["bf_alice", "bf_emma", "bf_isabella", "bf_lily"]
    real += ["bm_daniel", "bm_fable", "bm_george", "bm_lewis"]
    packs = {name: np.zeros((1, 256), np.float32) for name in real}
    assert choose(packs, [0, 0, 1531]).speaker == "af_alloy~af_aoede"
    assert choose(packs, [0, 0, 8162]).speaker == "am_puck~am_liam"


def test_styles_go_by_the_number_of_phones() -> None:
    pack = np.arange(6, dtype=np.float32)[:, None].repeat(256, 1)
    voice = Voice("af_a", pack, 1.0)
    assert [voice.row(count)[0, 0] for count in (1, 6, 9)] == [0, 5, 5]


def test_voices_are_needed() -> None:
    with pytest.raises(ValueError, match="expected English packs"):
        choose({"zf_f": PACKS["zf_f"]}, [0, 0, 0])


@pytest.mark.torch
def test_the_voice_files_are_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    for name in ("bf_d", "af_a"):
        torch.save(torch.full((510, 1, 256), 0.5), tmp_path / f"{name}.pt")
    words = ["voices", str(tmp_path), "--to", str(tmp_path / "voices.npz")]
    assert run(monkeypatch, *words) == 0
    packs = load_packs(tmp_path / "voices.npz")
    assert list(packs) == ["af_a", "bf_d"]
    assert packs["af_a"].shape == (510, 256)
    assert (packs["af_a"] == 0.5).all()
    torch.save(torch.zeros(510, 1, 3), tmp_path / "af_a.pt")
    assert run(monkeypatch, *words) == 1


# Speech


def test_speech_has_exact_phones_and_durations(tmp_path: Path) -> None:
    rows = hum(tmp_path, 12)
    assert sum(float(row["seconds"]) for row in rows) >= 12
    for row in rows:
        samples, rate = soundfile.read(tmp_path / row["path"])
        durations = [int(duration) for duration in row["durations"].split()]
        assert rate == int(row["sample_rate"]) == 24000
        assert len(samples) == 600 * sum(durations) == round(float(row["seconds"]) * rate)
        assert len(durations) == len(row["phones"]) + 2
        wanted = np.clip(np.sin(np.arange(len(samples), dtype=np.float32) / 20) * 2, -1, 1)
        np.testing.assert_allclose(samples, wanted, atol=1e-4)
        assert row["licence"] == "Apache-2.0"
    assert all("??" not in row["text"] for row in rows)
    assert any(row["id"].startswith("kokoro_0_1_") for row in rows)  # the second round


def test_stopped_speech_goes_on(tmp_path: Path) -> None:
    whole = hum(tmp_path / "whole", 12)
    hum(tmp_path / "parts", 5)
    table = table_of(tmp_path / "parts", (0, 1))
    before = len(read_table(table))
    with table.open("a") as lines:
        lines.write("kokoro_0_0_00003\tkok")  # the machine stopped here
    assert len(read_table(table)) == before
    assert hum(tmp_path / "parts", 12) == whole
    assert 0 < before < len(whole)
    hummer = Hummer()
    make_speech(tmp_path / "parts", order(), 12, speak.speaker(hummer, PACKS))
    assert hummer.spoken == 0


def test_shards_share_the_texts_out(tmp_path: Path) -> None:
    rows = [hum(tmp_path, 3, shard=(number, 2)) for number in (0, 1)]
    ids = [{row["id"] for row in part if "_0_0_" in row["id"]} for part in rows]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]
    assert [shard_of(text) for text in ("0/1", "1/2")] == [(0, 1), (1, 2)]
    for text in ("2/2", "1", "a/b", "-1/2"):
        with pytest.raises(ValueError, match="expected a shard"):
            shard_of(text)


def test_held_out_texts_are_not_spoken(tmp_path: Path) -> None:
    table = tmp_path / "held_out.tsv"
    table.write_text("id\ttext\n1\tit RAINED\n")
    rows = hum(tmp_path, 12, held_out=read_held_out([table]))
    assert {row["text"] for row in rows} == {TEXTS[0], TEXTS[1], TEXTS[4]}


def test_texts_that_cannot_be_spoken_end_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none of the texts"):
        hum(tmp_path, 1, texts=["??", "!"])


def test_contours_are_added_where_there_are_none(tmp_path: Path) -> None:
    rows = hum(tmp_path, 6)
    table, hummer = table_of(tmp_path, (0, 1)), Hummer()
    assert speak.add_contours(table, hummer, PACKS) == len(rows) == hummer.read
    f0, energy = np.load(tmp_path / "contours" / f"{rows[0]['id']}.npy")
    frames = 2 * sum(map(int, rows[0]["durations"].split()))
    assert f0.dtype == np.float16
    np.testing.assert_array_equal(f0, 100 + np.arange(frames))
    assert len(energy) == frames
    (tmp_path / "contours" / f"{rows[1]['id']}.npy").unlink()
    assert speak.add_contours(table, hummer, PACKS) == 1
    (tmp_path / "contours" / f"{rows[1]['id']}.npy").unlink()
    changed = {name: pack + 1 for name, pack in PACKS.items()}
    with pytest.raises(ValueError, match="do not give the durations"):
        speak.add_contours(table, hummer, changed)


def test_one_voice_speaks_at_many_speeds(tmp_path: Path) -> None:
    speeds, hummer = [], Hummer()

    class Teacher:
        def speak(self, text: str, speed: float, seed: int) -> tuple[np.ndarray, str, list[int]]:
            phones = hummer.phones(text, british=False)
            speeds.append((speed, seed))
            return *hummer.speak(phones, Voice("x", PACKS["af_a"], speed))[:1], phones, [1]

    wanted = order(source="hibari")
    make_speech(tmp_path, wanted, 20, hibari.speaker(Teacher()))
    rows = read_table(table_of(tmp_path, wanted.shard))
    assert {row["speaker"] for row in rows} == {"hibari_heart"}
    assert len(set(speeds)) == len(speeds) == len(rows)
    assert all(0.85 <= speed <= 1.12 for speed, _ in speeds)


# Texts


def test_all_kinds_of_text_are_read() -> None:
    texts = [f"Sentence {number} has so many words in it" for number in range(100)]
    made = [compose(texts, [0, number]) for number in range(2000)]
    shares = Counter(kind for kind, _ in made)
    assert all(abs(shares[kind] / 2000 - share) < 0.03 for kind, share in KINDS.items())
    assert made[:50] == [compose(texts, [0, number]) for number in range(50)]
    assert len({compose(texts, [1, number]) for number in range(50)} & set(made[:50])) < 25
    passages = [text for kind, text in made if kind == "passage"]
    assert max(map(len, passages)) <= PASSAGE[1]
    sentences = [text.split(". ") for text in passages]
    assert all(len(set(parts)) == len(parts) > 1 for parts in sentences)
    long = [f"{text} {'and on ' * 25}" for text in texts]
    assert all(
        compose(long, [0, n])[1].count(".") == 2 for n, (k, _) in enumerate(made) if k == "passage"
    )
    assert all(text.endswith("it.") for text in passages)
    assert all(text.endswith("?") for kind, text in made if kind == "question")
    assert all(text.count(",") >= 1 for kind, text in made if kind == "list")
    assert np.median([len(text.split()) for kind, text in made if kind == "reply"]) <= 2
    assert not any(set("{}") & set(text) for _, text in made)


def test_phrases_are_many() -> None:
    phrases = Phrases(np.random.default_rng(0))
    for form, least in ((phrases.question, 450), (phrases.list_, 490), (phrases.reply, 250)):
        made = [form() for _ in range(500)]
        assert len(set(made)) > least
        assert all(text[0] == text[0].upper() for text in made)


def test_manifests_give_their_english_texts(tmp_path: Path) -> None:
    plain, table = tmp_path / "texts.txt", tmp_path / "manifest.tsv"
    plain.write_text("One of them.\n\n  One of them.  \n")
    table.write_text("id\tlanguage\ttext\n1\ten\tAND I  SAW\n2\tzh-CN\tni hao\n3\ten-GB\tHello you\n"
                     "4\ten\tHello you\n5\ten\tAlone\n")  # fmt: skip
    assert read_texts([plain, table]) == ["One of them.", "One of them.", "And I saw.", "Hello you"]
    plain.write_text("\n")
    with pytest.raises(ValueError, match="no texts"):
        read_texts([plain])


# Manifest


def test_one_manifest_of_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hum(tmp_path / "a", 4) + hum(tmp_path / "a", 2, shard=(1, 2), seed=1)
    made += hum(tmp_path / "b", 2, source="hibari")
    blocks(tmp_path / "c", 1, Hummer())
    with table_of(tmp_path / "a", (0, 1)).open("a") as lines:
        lines.write("kokoro_0_9_00003\tkok")  # still being written
    to, folders = tmp_path / "corpus.tsv", [str(tmp_path / name) for name in "abc"]
    assert run(monkeypatch, "manifest", *folders, "--to", str(to), "--weight", "hibari=0.5") == 0
    header, *rows = [line.split("\t") for line in to.read_text().splitlines()]
    assert header[-4:] == ["phones", "durations", "weight", "bandwidth"]
    rows = [dict(zip(header, row, strict=True)) for row in rows]
    assert {row["id"] for row in rows} == {row["id"] for row in made}
    assert all((tmp_path / row["path"]).is_file() for row in rows)
    assert {row["source"]: row["weight"] for row in rows} == {"kokoro": "1", "hibari": "0.5"}
    assert {row["bandwidth"] for row in rows} == {"12000"}
    own = {row["id"]: row["durations"] for row in made}
    assert all(row["durations"] == own[row["id"]] for row in rows)


def test_a_manifest_has_each_clip_once(tmp_path: Path) -> None:
    hum(tmp_path / "a", 2)
    hum(tmp_path / "b", 2)
    with pytest.raises(ValueError, match="second clip"):
        manifest.join([tmp_path / "a", tmp_path / "b"], tmp_path / "c.tsv", manifest.WEIGHTS)
    with pytest.raises(ValueError, match="no speech"):
        manifest.join([tmp_path / "none"], tmp_path / "c.tsv", manifest.WEIGHTS)


# Graph and command


def test_a_graph_keeps_what_its_outputs_need() -> None:
    nodes = [
        SimpleNamespace(input=inputs, output=outputs)
        for inputs, outputs in (
            (["x", "w"], ["a"]), (["a"], ["b"]), (["b", "noise"], ["audio"]), (["a", ""], ["f0"]),
        )
    ]  # fmt: skip
    kept, needed = prune(nodes, ["f0"])
    assert kept == [nodes[0], nodes[3]]
    assert {"x", "w", "a"} <= needed
    assert not {"b", "noise"} & needed
    assert prune(nodes, ["f0", "audio"])[0] == nodes
    with pytest.raises(ValueError, match="energy"):
        prune(nodes, ["f0", "energy"])
    assert prune(nodes, ["audio"], given=["a"])[0] == nodes[1:3]


def test_the_border_is_what_a_second_voice_need_not_compute() -> None:
    nodes = [
        SimpleNamespace(input=inputs, output=outputs)
        for inputs, outputs in (
            (["tokens", "w"], ["a"]), (["a"], ["b"]), (["b"], ["unused"]), (["w"], ["constant"]),
            (["a", "style"], ["c"]), (["b", "c", "constant", "tokens"], ["d"]), (["c", "speed"], ["e"]),
        )
    ]  # fmt: skip
    assert border(nodes, "tokens", ["style", "speed"]) == ["a", "b"]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["teacher_speech", *words])
    return command.main()


def test_the_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 2
    assert run(monkeypatch, "--help") == 0
    assert run(monkeypatch, "manifest", str(tmp_path), "--to", str(tmp_path / "c.tsv")) == 1
    assert "no speech" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnx", None)  # the extra is not installed
    monkeypatch.delitem(sys.modules, "tools.teacher_speech.heart", raising=False)
    assert run(monkeypatch, "hibari", str(tmp_path), "--texts", str(tmp_path / "texts.txt")) == 1
    assert "pip install '.[teacher]'" in capsys.readouterr().err
