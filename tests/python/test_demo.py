"""The demo page in a real browser that may reach this machine alone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import numpy as np
import pytest
import soundfile

import muspeaker
from muspeaker.voice import DEFAULT_NAME, Voice

pytest.importorskip("gradio", reason="needs muspeaker[demo]")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from muspeaker.tts import Synthesizer

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SHIPPED_RATE_HZ = 24000
TIMEOUT_SECONDS = 180
CONTROLS = ("Calm", "Lively", "Speed", "Pitch", "Expression", "Variation", "Take")
SENTENCE = "The birch canoe slid on the smooth planks."
PLAYS = "(a => !a.paused && a.currentTime > 0)(document.querySelector('#player audio'))"
PAUSED = "(a => a.paused && !a.ended)(document.querySelector('#player audio'))"
PACKAGE = str(Path(muspeaker.__file__).parents[1])

# A long text takes minutes on any machine: else it may be spoken before a busy browser has clicked Stop.
UNHURRIED = """
import time
from muspeaker.tts import Synthesizer
stream = Synthesizer.stream
def unhurried(self, text, *args, **options):
    chunks = stream(self, text, *args, **options)
    return (time.sleep(0.5 * (len(text) > 10_000)) or chunk for chunk in chunks)
Synthesizer.stream = unhurried
"""

# run `muspeaker` in a process that refuses and reports every look and step beyond this machine
GUARDED = """
import ipaddress, os, sys
def guard(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else "127.0.0.1"
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "localhost", ""):
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    os.write(2, f"REACHED OUT to {host}\\n".encode())
    raise OSError(f"no network: {host}")
sys.addaudithook(guard)
from muspeaker.cli import main
main()
"""


def _browser() -> str:
    """Path of Chromium; without one the tests are skipped, or fail where CI must have it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        reason = "no Chromium here: apt-get install chromium"
        if os.environ.get("MUSPEAKER_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `muspeaker demo` in a process of its own; it must not have reached out."""
    _browser()
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                UNHURRIED + GUARDED,
                "demo",
                "--port",
                str(port),
                "--threads",
                "1",
            ],
            env=os.environ | {"PYTHONPATH": PACKAGE, "GRADIO_TEMP_DIR": str(folder / "uploads")},
            cwd=folder,
            stdout=file,
            stderr=file,
        )
    try:
        for _ in range(10 * TIMEOUT_SECONDS):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=TIMEOUT_SECONDS)
    assert "REACHED OUT" not in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def page(server: str, recording: Path) -> Iterator[Page]:
    """The open page, in a browser that resolves no name and whose microphone hears the recording.

    Any request to elsewhere fails the test.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (slow to import)

    addresses: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_browser(),
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={recording}",
            ],
        )
        context = browser.new_context(
            viewport={"width": 1280, "height": 1090}, permissions=["microphone"]
        )
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT_SECONDS)
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(server)
        page.wait_for_selector("#speak")
        yield page
        browser.close()
    elsewhere = [
        address for address in addresses
        if urlparse(address).scheme in {"http", "https", "ws", "wss"}
        and urlparse(address).hostname != "127.0.0.1"
    ]  # fmt: skip
    assert not elsewhere
    assert len(addresses) > 10  # or nothing was watched


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence in a voice, made by the model that ships."""
    path = tmp_path_factory.mktemp("recording") / "a person.wav"
    muspeaker.load(num_threads=1).synthesize(SENTENCE, Voice.builtin(), seed=3).save(path)
    return path


def _fetched(address: str, path: Path) -> np.ndarray:
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
        path.write_bytes(answer.read())
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == SHIPPED_RATE_HZ
    return samples


def _wait_until_spoken(page: Page) -> None:
    page.wait_for_function("document.querySelector('#status').innerText.includes('words in')")
    page.wait_for_selector("#picture g.word")


def test_clone_in_the_browser(
    page: Page, recording: Path, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    page.get_by_label("A recording").check()
    page.set_input_files("#recording input[type=file]", recording)
    page.wait_for_selector("#recording input[type=file]", state="detached")
    page.fill("#text textarea", "Glue the sheet to the wall. Hoist the load to your shoulder.")

    # without the tick it refuses, and nothing is spoken
    page.click("#speak")
    page.wait_for_selector("text=no clone without consent")
    assert page.query_selector("#player audio") is None
    assert page.query_selector("#picture svg.speech-picture") is None

    page.check("#consent input")
    page.click("#speak")
    _wait_until_spoken(page)
    words = page.eval_on_selector_all("#picture g.word text", "all => all.map(t => t.textContent)")
    assert words == [
        "Glue",
        "the",
        "sheet",
        "to",
        "the",
        "wall",
        "Hoist",
        "the",
        "load",
        "to",
        "your",
        "shoulder",
    ]
    assert "a person" in page.inner_text("#status")

    # the player plays what was streamed, to its end
    source = page.get_attribute("#player audio", "src")
    samples = _fetched(page.url + str(source), tmp_path / "speech.wav")
    assert 1.0 < len(samples) / SHIPPED_RATE_HZ < 10
    assert np.abs(samples).max() > 0.01
    page.eval_on_selector("#player audio", "audio => { audio.playbackRate = 4 }")
    page.wait_for_function("document.querySelector('#player audio').ended")
    played = page.eval_on_selector("#player audio", "audio => audio.currentTime")
    assert played == pytest.approx(len(samples) / SHIPPED_RATE_HZ, abs=0.2)

    # what was cloned can be kept, with the consent in it
    with page.expect_download() as download:
        page.get_by_text("Voice .voice").click()
    download.value.save_as(tmp_path / "kept.voice")
    voice = Voice.load(tmp_path / "kept.voice")
    assert "ticked in the demo" in voice.consent

    record_property("seconds", len(samples) / SHIPPED_RATE_HZ)
    if "MUSPEAKER_SCREENSHOT" in os.environ:  # for docs/demo.png
        page.add_style_tag(content=".toast-wrap { display: none !important }")
        page.screenshot(path=os.environ["MUSPEAKER_SCREENSHOT"], full_page=True)

    # another recording may be of another person
    page.get_by_label("Clear").first.click()
    page.wait_for_selector("#recording input[type=file]", state="attached")
    assert not page.is_checked("#consent input")


def test_record_and_stop_in_the_browser(page: Page, tmp_path: Path) -> None:
    """A voice from the microphone; then a long text, stopped: its sound ends there."""
    page.get_by_label("A recording").check()
    page.check("#consent input")
    page.get_by_label("Record audio").click()
    page.locator("#recording").get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(3000)
    page.locator("#recording button:has-text('Stop'):visible").first.click()
    page.wait_for_selector("#recording button:has-text('Record')", state="detached")
    # what is heard of a recording, its end included, takes the earlier consent away
    page.wait_for_function("!document.querySelector('#consent input').checked")
    page.check("#consent input")
    page.fill("#text textarea", "Hello.")
    page.click("#speak")
    page.wait_for_function("document.querySelector('#status').innerText.includes('1 word in')")

    old = page.get_attribute("#player audio", "src")
    page.get_by_label(DEFAULT_NAME).check()
    page.fill("#text textarea", "This is one sentence of many. " * 600)
    page.click("#speak")
    page.wait_for_function(
        "old => { const now = document.querySelector('#player audio'); "
        "return now && now.getAttribute('src') != old }",
        arg=old,
    )
    page.wait_for_function(PLAYS)
    page.click("#stop")
    page.wait_for_function(PAUSED)
    page.wait_for_function("document.querySelector('#status').innerText.includes('Stopped')")
    source = page.get_attribute("#player audio", "src")
    samples = _fetched(page.url + str(source), tmp_path / "speech.wav")  # ends, or times out
    assert 0 < len(samples) / SHIPPED_RATE_HZ < 600  # of about 1200 s
    page.wait_for_selector("#picture g.word")  # of what was spoken until then

    # what was spoken can be played on, and Stop pauses it although nothing is spoken any more
    page.eval_on_selector("#player audio", "audio => { audio.currentTime = 0; audio.play() }")
    page.wait_for_function(PLAYS)
    page.click("#stop")
    page.wait_for_function(PAUSED)


def test_edit_in_the_browser(page: Page, recording: Path, tmp_path: Path) -> None:
    """A word of a recording becomes another; all before it stays, bit for bit."""
    page.get_by_role("tab", name="Edit a recording").click()
    page.fill("#edit-transcript textarea", SENTENCE)
    page.fill("#edit-text textarea", SENTENCE.replace("smooth", "wet"))
    page.click("#edit")
    page.wait_for_selector("text=record or upload a recording first")
    page.set_input_files("#edit-recording input[type=file]", recording)
    page.wait_for_selector("#edit-recording input[type=file]", state="detached")
    page.click("#edit")
    page.wait_for_selector("text=no edit without consent")
    assert page.query_selector("#edit-player audio") is None
    page.check("#edit-consent input")
    page.click("#edit")
    page.wait_for_selector("#edit-picture g.word")
    words = page.eval_on_selector_all(
        "#edit-picture g.word text", "all => all.map(t => t.textContent)"
    )
    assert words == ["The", "birch", "canoe", "slid", "on", "the", "wet", "planks"]
    heard = _fetched(
        page.url + str(page.get_attribute("#edit-player audio", "src")), tmp_path / "a.wav"
    )
    with page.expect_download() as download:
        page.get_by_text("Edited recording .wav").click()
    download.value.save_as(tmp_path / "edited.wav")
    old, new = (soundfile.read(p, dtype="int16")[0] for p in (recording, tmp_path / "edited.wav"))
    assert len(new) == len(heard)
    same = int(np.argmax(old[: min(len(old), len(new))] != new[: min(len(old), len(new))]))
    assert 0.4 * len(old) < same < 0.9 * len(old)


def test_the_controls_behind_more_are_heard(
    page: Page, shipped: Synthesizer, tmp_path: Path
) -> None:
    page.fill("#text textarea", "Hello.")
    page.click("#more button")
    page.get_by_label("Lively").check()
    page.get_by_label("number input for Variation").fill("0.8")
    page.get_by_label("Take").fill("3")
    page.get_by_label("Take").blur()
    page.click("#speak")
    page.wait_for_function("document.querySelector('#status').innerText.includes('1 word in')")
    source = page.get_attribute("#player audio", "src")
    heard = _fetched(page.url + str(source), tmp_path / "speech.wav")
    expected = shipped.synthesize("Hello.", style="lively", variation=0.8, seed=3).samples
    assert len(heard) == len(expected)
    assert np.abs(heard - expected).max() < 1e-4


@pytest.mark.parametrize("width", [1280, 390])
def test_the_text_is_first_and_nothing_is_cut(page: Page, width: int) -> None:
    """Two columns from the start on a desktop, one on a phone; the controls wait behind More."""
    page.set_viewport_size({"width": width, "height": 844})
    text, choice, speak = (
        page.locator(selector).bounding_box() for selector in ("#text", "#choice", "#speak")
    )
    assert text is not None
    assert choice is not None
    assert speak is not None
    if width == 1280:
        assert choice["x"] > text["x"] + text["width"]
        assert abs(choice["y"] - text["y"]) < 20
        assert text["width"] + choice["width"] > 1000
    else:
        assert choice["y"] > text["y"] + text["height"]
    assert speak["y"] > choice["y"] + choice["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for label in CONTROLS:
        assert not page.get_by_label(label).first.is_visible()
    page.click("#more button")
    for label in CONTROLS:
        page.get_by_label(label).first.wait_for(state="visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = "getComputedStyle(document.querySelector('gradio-app')).backgroundColor"
    light = page.evaluate(background)
    page.click("#dark")
    page.wait_for_function(f"light => {background} != light", arg=light)


def test_a_voice_can_be_heard_before_it_speaks(page: Page, server: str, tmp_path: Path) -> None:
    source = page.get_attribute("#sample audio", "src")
    assert len(_fetched(server + str(source), tmp_path / "sample.wav")) > SHIPPED_RATE_HZ
    page.get_by_label("A recording").check()
    page.wait_for_selector("#sample audio", state="hidden")
    with pytest.raises(urllib.error.HTTPError) as unknown:
        urllib.request.urlopen(f"{server}sample.wav?voice=..%2Fx", timeout=TIMEOUT_SECONDS)
    assert unknown.value.code == 404
    unknown.value.close()


def test_page_elsewhere_cannot_reach_it(server: str) -> None:
    """A name that some other site points at this machine is not answered."""
    request = urllib.request.Request(server, headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    assert refused.value.code == 400
    with pytest.raises(urllib.error.HTTPError) as unknown:
        urllib.request.urlopen(f"{server}speech/none.wav", timeout=TIMEOUT_SECONDS)
    assert unknown.value.code == 404
    refused.value.close()
    unknown.value.close()
