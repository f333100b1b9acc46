"""Parts that the tabs of the page share."""

from __future__ import annotations

import gradio as gr

from muspeaker.sound.recording import PROMPT_BEST_SECONDS

CONSENT = "This is my own voice, or the person whose voice it is has agreed to this clone."
EDIT_CONSENT = "This is my own voice, or the person who speaks has agreed to this edit."


def player(source: str, *, autoplay: bool = True) -> str:
    """An audio element for an address of this server; without autoplay nothing is loaded before it is played."""
    manner = "autoplay" if autoplay else 'preload="none"'
    return f'<audio controls {manner} src="{source}"></audio>'


def plain(name: str) -> str:
    """A name without characters that mean something to Markdown or a file system."""
    return "".join(c for c in name if c.isalnum() or c in " -.").strip(" .")


def recording_fields(label: str, agreement: str, prefix: str = "") -> tuple[gr.Audio, gr.Checkbox]:
    """A recording and the consent to what is done with it, which goes with the recording."""
    recording = gr.Audio(
        sources=["upload", "microphone"],
        type="filepath",
        label=label,
        buttons=["download"],  # not "share", which would publish the recording
        elem_id=f"{prefix}recording",
        elem_classes="recording",
    )
    consent = gr.Checkbox(value=False, label=agreement, elem_id=f"{prefix}consent")
    # another recording may be of another person, so each needs its own consent
    recording.change(None, None, consent, js="() => false", api_visibility="private")
    return recording, consent


def prompt_label() -> str:
    """What a recording for a clone must be, in so few words that they stand beside the buttons."""
    return f"One speaker, best {PROMPT_BEST_SECONDS[0]:g} to {PROMPT_BEST_SECONDS[1]:g} s"
