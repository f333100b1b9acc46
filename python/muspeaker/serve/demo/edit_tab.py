"""The tab that changes words in a recording."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from muspeaker.serve.demo.parts import EDIT_CONSENT, plain, player, recording_fields
from muspeaker.serve.demo.picture import speech_picture
from muspeaker.sound.recording import SOURCE_MAX_SECONDS, sample_bits

if TYPE_CHECKING:
    from muspeaker.serve.demo.live_speech import LiveSpeeches
    from muspeaker.sound.audio import Audio
    from muspeaker.tts import Synthesizer


class EditDesk:
    """The actions of the tab; `lay_out` makes its fields.

    Args:
        tts: Model that speaks.
        speeches: Where the player finds the sound.
        folder: Folder for files that are offered.
    """

    def __init__(self, tts: Synthesizer, speeches: LiveSpeeches, folder: str) -> None:
        self._tts = tts
        self._speeches = speeches
        self._folder = folder

    def edit(
        self, recording: str | None, consent: bool, transcript: str, new_text: str
    ) -> tuple[Any, ...]:
        """Edit for one click.

        Returns:
            Values for the player, the status, the picture and the download button.

        Raises:
            gr.Error: If consent was not given, or the library refuses the input.
        """
        try:
            if recording is None:
                raise ValueError("record or upload a recording first")  # noqa: TRY301 (one way out)
            if consent is not True:
                raise ValueError("no edit without consent: tick the box first")  # noqa: TRY301
            audio = self._tts.edit(recording, transcript, new_text)
        except (ValueError, TypeError, OSError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        path = Path(tempfile.mkdtemp(dir=self._folder)) / "edited.wav"
        audio.save(path, bits=sample_bits(recording))
        status = (
            f"Edited, and not what *{plain(Path(recording).stem)}* said: {audio.duration:.2f} s."
        )
        download = gr.update(value=str(path), interactive=True)
        return self._player(audio), status, speech_picture(audio), download

    def _player(self, audio: Audio) -> str:
        if audio.channels > 1:  # the player's stream has one
            audio = replace(audio, samples=audio.samples.mean(axis=1))
        name, live = self._speeches.begin(audio.sample_rate)
        live.add(audio)
        live.finish()
        return player(f"speech/{name}.wav")

    def lay_out(self) -> None:
        """Make the fields of the tab, text first."""
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                transcript = gr.Textbox(
                    label="What it says, word by word", lines=3, elem_id="edit-transcript"
                )
                new_text = gr.Textbox(label="What it is to say", lines=3, elem_id="edit-text")
            with gr.Column(scale=2, min_width=320):
                recording, consent = recording_fields(
                    f"Recording of one speaker, at most {SOURCE_MAX_SECONDS:g} s",
                    EDIT_CONSENT,
                    "edit-",
                )
        edit = gr.Button("Edit", variant="primary", elem_id="edit")
        sound = gr.HTML("", elem_classes="player", elem_id="edit-player")
        status = gr.Markdown("", elem_id="edit-status")
        download = gr.DownloadButton("Edited recording .wav", size="sm", interactive=False)
        picture = gr.HTML("", elem_classes="picture", elem_id="edit-picture")
        edit.click(
            self.edit,
            [recording, consent, transcript, new_text],
            [sound, status, picture, download],
            trigger_mode="once",
            api_visibility="private",
        )
