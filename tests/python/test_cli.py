from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

import muspeaker
from muspeaker.voice import Voice
from tests.espeak import needs_espeak

if TYPE_CHECKING:
    import numpy as np

    from muspeaker.tts import Synthesizer


def test_say_in_a_voice_file(run: Any, voice: Voice, engine: Any) -> None:
    voice.save("anna.voice")
    result = run(
        "say",
        "Hello. There.",
        "-o",
        "a.wav",
        "--voice",
        "anna.voice",
        "--speed",
        "2",
        "--seed",
        "3",
    )
    assert result.exit_code == 0, result.output
    assert "a.wav: " in result.output
    assert soundfile.info("a.wav").samplerate == 22050
    assert [call["speed"] for call in engine.calls] == [2.0, 2.0]


def test_say_clones_a_recording_and_reads_standard_input(
    run: Any, engine: Any, tone: np.ndarray
) -> None:
    soundfile.write("anna.wav", tone, 24000)
    result = run("say", "-", "--voice", "anna.wav", "-o", "b.flac", text=b"From a pipe.")
    assert result.exit_code == 0, result.output
    assert len(engine.clones) == 1
    assert soundfile.info("b.flac").format == "FLAC"


def test_say_writes_wav_to_standard_output(run: Any, voice: Voice) -> None:
    voice.save("anna.voice")
    result = run("say", "Hi.", "--voice", "anna.voice", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"RIFF")


@pytest.mark.parametrize("place", ["argument", "file", "pipe"])
def test_say_takes_text_from_three_places(
    run: Any, tts: Synthesizer, voice: Voice, place: str
) -> None:
    voice.save("anna.voice")
    Path("a.txt").write_bytes("\ufeffHello there.".encode())
    how = {"argument": ["Hello there."], "file": ["-f", "a.txt"], "pipe": []}[place]
    piped = b"Hello there." if place == "pipe" else None
    result = run("say", *how, "--voice", "anna.voice", "--raw", text=piped)
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes == tts.synthesize("Hello there.", voice).encode(".pcm")


def test_raw_samples_are_those_of_the_wav_file(run: Any, voice: Voice) -> None:
    voice.save("anna.voice")
    speak = ("say", "One. Two.", "--voice", "anna.voice")
    raw, wav = run(*speak, "--raw").stdout_bytes, run(*speak, "-o", "-").stdout_bytes
    assert len(raw) > 1000
    assert wav.startswith(b"RIFF")
    assert wav[44:].startswith(raw)
    assert run(*speak, "--raw", "-o", "a.pcm").exit_code == 0
    assert Path("a.pcm").read_bytes() == raw


def test_say_tells_times_and_writes_subtitles(run: Any, tts: Synthesizer, voice: Voice) -> None:
    voice.save("anna.voice")
    speak = ("say", "Hi, Ben. [pause 1s] Bye!", "--voice", "anna.voice", "-o", "a.flac")
    result = run(*speak, "--json", "--subtitles", "a.srt", "--pause", "0.5")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    audio = tts.synthesize("Hi, Ben. [pause 1s] Bye!", voice)
    assert (report["file"], report["voice"], report["sample_rate"]) == ("a.flac", "anna", 22050)
    assert report["seconds"] == pytest.approx(audio.duration, abs=1e-3)
    assert [(w["text"], w["mark"]) for w in report["words"]] == [
        ("Hi", ","),
        ("Ben", "."),
        ("Bye", "!"),
    ]
    assert report["words"][2]["start"] == pytest.approx(audio.words[2].start, abs=1e-3)
    assert len(report["phones"]) == len(audio.phones)
    assert Path("a.srt").read_text() == audio.to_srt()
    assert run(*speak, "--subtitles", "a.vtt").exit_code == 0
    assert Path("a.vtt").read_text().startswith("WEBVTT")


def test_clone_writes_a_voice_file(run: Any, tone: np.ndarray) -> None:
    soundfile.write("anna.wav", tone, 24000)
    result = run("clone", "anna.wav", "--name", "Anna", "--consent", "Anna said yes.")
    assert result.exit_code == 0, result.output
    voice = Voice.load("anna.voice")
    assert (voice.name, voice.consent) == ("Anna", "Anna said yes.")


def test_clone_refines_where_it_is_asked_to(run: Any, tone: np.ndarray) -> None:
    soundfile.write("anna.wav", tone, 24000)
    result = run("clone", "anna.wav", "--refine")
    assert result.exit_code == 1  # the fake model has no part that hears phones
    assert "no phone classifier, which refining needs" in result.output
    assert not Path("anna.voice").exists()
    result = run("clone", "anna.wav", "--refine", "-o", "nowhere/anna.voice")
    assert result.exit_code == 1
    assert "no folder 'nowhere'" in result.output  # before anything is learnt


def test_info_shows_the_header(run: Any) -> None:
    Path("m.bin").write_bytes(b"x")
    result = run("info", "m.bin")
    assert result.exit_code == 0, result.output
    for word in ("1,234", "0123456789abcdef", "audio.sample_rate", "22050", "symbols"):
        assert word in result.output
    about = json.loads(run("info", "m.bin", "--json").stdout)
    assert (about["kind"], about["parameters"], about["bytes"]) == ("model", 1234, 1)


@pytest.mark.parametrize("name", ["anna.voice", "anna"])
def test_info_shows_a_voice(run: Any, voice: Voice, name: str) -> None:
    voice.consent = "Anna, on 3 May: audiobooks"
    voice.save(name)
    result = run("info", name)
    assert result.exit_code == 0, result.output
    for word in ("anna", "Anna, on 3 May: audiobooks", voice.fingerprint):
        assert word in result.output
    about = json.loads(run("info", name, "--json").stdout)
    assert about["bytes"] == Path(name).stat().st_size
    assert (about["kind"], about["name"], about["style_frames"]) == ("voice", "anna", 40)


def test_info_shows_a_voice_that_ships(run: Any) -> None:
    about = json.loads(run("info", "kathleen", "--json").stdout)
    assert (about["kind"], about["name"], Path(about["file"]).name) == (
        "voice",
        "kathleen",
        "kathleen.voice",
    )


def test_voices_lists_or_fails(run: Any) -> None:
    result = run("voices")
    assert result.exit_code == (0 if Voice.builtin_names() else 1)


def test_voices_lists_a_folder(run: Any, voice: Voice) -> None:
    Path("mine").mkdir()
    voice.save("mine/a.voice")
    assert "mine/a.voice" in run("voices", "mine").output
    listed = json.loads(run("voices", "mine", "--json").stdout)
    assert listed[-1]["voice"] == "mine/a.voice"
    assert listed[-1]["model"] == voice.fingerprint
    assert run("voices", "nowhere").exit_code == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("say", "Hi", "--voice", "nobody"), "error: no voice 'nobody'"),
        (("say", "...", "--voice", "anna.voice"), "error: nothing to speak"),
        (("say", "Hi", "--voice", "anna.voice", "-o", "a.xyz"), "error: unknown sound format"),
        pytest.param(
            ("say", "Hi", "--voice", "anna.voice", "--language", "xx"),
            "error: unknown language",
            marks=needs_espeak,
        ),
        (("clone", "no.wav"), "error: prompt file 'no.wav' does not exist"),
        (("info", "no.bin"), "No such file"),
        (("info", "no.voice"), "voice file 'no.voice' does not exist"),
        (("say", "-f", "no.txt"), "No such file"),
        (("say", "Hi [pause 5]", "--voice", "anna.voice"), "error: cannot read '[pause 5]'"),
        (("quantize", "no.bin", "-o", "b.bin"), "model file 'no.bin' does not exist"),
    ],
)
def test_failures_exit_with_1(run: Any, voice: Voice, args: tuple[str, ...], message: str) -> None:
    voice.save("anna.voice")
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "args",
    [
        ("say",),
        ("say", "Hi", "-f", "a.txt"),
        ("say", "Hi", "--raw", "--json"),
        ("say", "Hi", "--subtitles", "a.txt"),
        ("say", "Hi", "--speed", "9"),
        ("say", "Hi", "--seed", "x"),
        ("say", "Hi", "--pause", "11"),
        ("sing",),
        ("clone",),
        ("quantize", "a.bin"),
        ("quantize", "a.bin", "-o", "b.bin", "--type", "f32"),
    ],
)
def test_bad_usage_exits_with_2(run: Any, args: tuple[str, ...]) -> None:
    assert run(*args).exit_code == 2


@pytest.mark.parametrize(
    "where", [("-o", "a.xyz"), ("-o", "no/a.wav"), ("--subtitles", "no/a.srt"), ("-o", "a")]
)
def test_say_finds_bad_places_before_it_speaks(
    run: Any, engine: Any, voice: Voice, where: tuple[str, str]
) -> None:
    voice.save("anna.voice")
    result = run("say", "Hi.", "--voice", "anna.voice", *where)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert engine.calls == []


def test_version_and_help_without_a_command(run: Any) -> None:
    result = run("--version")
    assert (result.exit_code, result.output.split()) == (0, ["muspeaker", muspeaker.__version__])
    assert "Speak a text in any voice" in run("--help").output


@pytest.mark.parametrize("command", ["say", "clone", "info", "quantize", "voices"])
def test_every_command_has_help(run: Any, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (("say", "Hi.", "--voice", "anna.voice"), "speech.wav"),
        (("clone", "ben.wav"), "ben.voice"),
        (("dialogue", "scene.txt"), "dialogue.wav"),
    ],
)
def test_a_name_that_nobody_gave_replaces_nothing(
    run: Any, voice: Voice, tone: np.ndarray, args: tuple[str, ...], name: str
) -> None:
    voice.save("anna.voice")
    soundfile.write("ben.wav", tone, 24000)
    Path("scene.txt").write_text("ANNA: Hi.")
    assert run(*args).exit_code == 0
    before = Path(name).read_bytes()
    Path(name).write_bytes(b"dear to somebody")
    refused = run(*args)
    assert refused.exit_code == 1
    assert (
        f"'{name}' is there already: name another file with -o, or replace it with --force"
        in refused.stderr
    )
    assert Path(name).read_bytes() == b"dear to somebody"
    assert run(*args, "--force").exit_code == 0
    assert Path(name).read_bytes() == before
    Path(name).write_bytes(b"named by -o")
    assert run(*args, "-o", name).exit_code == 0
    assert Path(name).read_bytes() == before


def test_info_is_short(run: Any) -> None:
    short, full = (run("info", *more).stdout for more in ((), ("--all",)))
    assert "audio.sample_rate" in short
    assert "mel_decoder.channels" not in short
    assert "mel_decoder.channels" in full
    assert len(short.splitlines()) < 25
