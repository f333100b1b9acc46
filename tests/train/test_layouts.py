"""Each corpus layout on a tiny made-up tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from muspeaker.train.corpus.corpora import READERS, layout_of, read_corpus

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


TREES = {
    "manifest": {
        "manifest.tsv": "id\tspeaker\tlanguage\tpath\ttext\na1\tanna\ten-us\ta1.flac\t Hello. \n"
    },
    "ljspeech": {
        "metadata.csv": "LJ001-0001|Dr. Who, 2|Doctor Who, two\nLJ001-0002|One|One\n",
        "wavs/LJ001-0001.wav": "",
    },
    "vctk": {
        "speaker-info.txt": "ID  AGE  GENDER  ACCENTS\n225  23  F    English\np226  22  M  English\n",
        "txt/p225/p225_001.txt": "Please call Stella.\n",
        "wav48_silence_trimmed/p225/p225_001_mic1.flac": "",
        "wav48_silence_trimmed/p225/p225_001_mic2.flac": "",
        "wav48_silence_trimmed/p226/p226_009_mic1.flac": "",
    },
    "libritts": {
        "speakers.tsv": "READER\tGENDER\tSUBSET\tNAME\n84\tF\tdev-clean\tSomeone\n",
        "dev-clean/84/121123/84_121123_000007_000001.wav": "",
        "dev-clean/84/121123/84_121123_000007_000001.normalized.txt": "Go.",
        "dev-clean/84/121123/84_121123_000007_000001.original.txt": "Go!",
        "dev-clean/97/1/97_1_0_0.wav": "",
    },
    "librispeech": {
        "SPEAKERS.TXT": "; a comment | F\n19   | F | train-clean-5    | 25.19 | Someone\n",
        "train-clean-5/19/198/19-198.trans.txt": "19-198-0000 NORTHANGER ABBEY\n19-198-0001 GO\n",
        "train-clean-5/19/198/19-198-0000.flac": "",
        "train-clean-5/26/495/26-495.trans.txt": "26-495-0007 IT IS\n",
    },
    "commonvoice": {
        "validated.tsv": "client_id\tpath\tsentence\tgender\taccents\tlocale\n"
        '0123456789abcdef01\tcommon_voice_en_1.mp3\t He said "no". \tfemale_feminine\t'
        "United States English\ten\n"
        "fedcba98765432100f\tcommon_voice_en_2\tYes.\t\tScottish English\ten\n",
        "clips/common_voice_en_1.mp3": "",
    },
    "aishell3": {
        "spk-info.txt": "# header\nSSB0005\tC\tfemale\tnorth\n",
        "train/content.txt": "SSB00050001.wav\t广 guang3 州 zhou1\nSSB00060002.wav\t女 nv3\n",
        "test/content.txt": "SSB00050353.wav\t大 da4\n",
        "train/wav/SSB0005/SSB00050001.wav": "",
    },
}
EXPECTED = {
    "manifest": [("a1", "anna", "en-us", "a1.flac", "Hello.", "")],
    "ljspeech": [
        ("LJ001-0001", "LJ", "en-us", "wavs/LJ001-0001.wav", "Doctor Who, two", "female"),
        ("LJ001-0002", "LJ", "en-us", "wavs/LJ001-0002.wav", "One", "female"),
    ],
    "vctk": [
        ("p225_001", "p225", "en-gb", "wav48_silence_trimmed/p225/p225_001_mic1.flac",
         "Please call Stella.", "female"),
        ("p226_009", "p226", "en-gb", "wav48_silence_trimmed/p226/p226_009_mic1.flac", "", "male"),
    ],
    "libritts": [
        ("84_121123_000007_000001", "84", "en-us",
         "dev-clean/84/121123/84_121123_000007_000001.wav", "Go.", "female"),
        ("97_1_0_0", "97", "en-us", "dev-clean/97/1/97_1_0_0.wav", "", ""),
    ],
    "librispeech": [
        ("19-198-0000", "19", "en-us", "train-clean-5/19/198/19-198-0000.flac",
         "NORTHANGER ABBEY", "female"),
        ("19-198-0001", "19", "en-us", "train-clean-5/19/198/19-198-0001.flac", "GO", "female"),
        ("26-495-0007", "26", "en-us", "train-clean-5/26/495/26-495-0007.flac", "IT IS", ""),
    ],
    "commonvoice": [
        ("common_voice_en_1", "0123456789ab", "en-us", "clips/common_voice_en_1.mp3",
         'He said "no".', "female"),
        ("common_voice_en_2", "fedcba987654", "en", "clips/common_voice_en_2.mp3", "Yes.", ""),
    ],
    "aishell3": [
        ("SSB00050353", "SSB0005", "cmn", "test/wav/SSB0005/SSB00050353.wav", "大", "female"),
        ("SSB00050001", "SSB0005", "cmn", "train/wav/SSB0005/SSB00050001.wav", "广州", "female"),
        ("SSB00060002", "SSB0006", "cmn", "train/wav/SSB0006/SSB00060002.wav", "女", ""),
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", READERS)
def test_layout(layout, tmp_path):
    root = write(tmp_path / "corpus", TREES[layout])
    path = root / "manifest.tsv" if layout == "manifest" else root
    assert layout_of(path) == layout
    found = read_corpus(path)
    assert found == read_corpus(path, layout)
    shown = [
        (u.id, u.speaker, u.language, u.path.relative_to(root).as_posix(), u.text, u.gender)
        for u in found
    ]
    assert shown == EXPECTED[layout]


def test_labels_are_certain_where_a_data_set_says_so(tmp_path):
    certain = {
        layout: read_corpus(
            write(tmp_path / layout, tree) / ("manifest.tsv" if layout == "manifest" else "")
        )[0].certain
        for layout, tree in TREES.items()
    }
    assert [layout for layout, known in certain.items() if not known] == ["manifest", "commonvoice"]


def test_one_subset_of_librispeech_knows_its_speakers(tmp_path):
    root = write(tmp_path, TREES["librispeech"])
    assert [c.gender for c in read_corpus(root / "train-clean-5")] == ["female", "female", ""]


def test_one_subset_of_libritts_knows_its_speakers(tmp_path):
    root = write(tmp_path, TREES["libritts"])
    assert [u.gender for u in read_corpus(root / "dev-clean")] == ["female", ""]


def test_the_older_vctk(tmp_path):
    files = {"txt/p225/p225_001.txt": "Please.", "wav48/p225/p225_001.wav": ""}
    (found,) = read_corpus(write(tmp_path, files))
    assert (found.id, found.text) == ("p225_001", "Please.")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"manifest.tsv": "id\tspeaker\n1\ta\n"}, "expected the columns"),
        ({"metadata.csv": "LJ001-0001\n"}, "line 1: expected id"),
        ({"train/content.txt": "SSB00050001.wav\t广 guang3 州\n"}, "line 1: expected file"),
        ({"a/1/2/1-2.trans.txt": "1-2-0000\n"}, r"1-2\.trans\.txt, line 1: expected id TEXT"),
        ({"validated.tsv": "path\tup_votes\na\t1\n"}, r"the columns \['client_id', 'sentence'\]"),
        ({"readme.md": "no corpus"}, "none of the layouts"),
        ({"txt/p1/p1_1.txt": "words alone"}, "has no recordings"),
    ],
)
def test_a_malformed_corpus_says_what_is_wrong(files, message, tmp_path):
    root = write(tmp_path, files)
    path = root / "manifest.tsv" if "manifest.tsv" in files else root
    with pytest.raises(ValueError, match=message):
        read_corpus(path)


def test_a_corpus_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not there"):
        read_corpus(tmp_path / "none")
