"""Two texts compared word by word."""

from __future__ import annotations

import numpy as np
import pytest

from muspeaker.text.edits import NEW, TextEdit, plan_edit
from muspeaker.text.english.tokens import english_tokens
from muspeaker.text.phone_sets import MISAKI_SYMBOLS


def edit(old: str, new: str) -> TextEdit:
    return plan_edit(english_tokens(old, "us"), english_tokens(new, "us"), MISAKI_SYMBOLS)


def new_words(plan: TextEdit) -> list[str]:
    return [
        word.text
        for word in plan.tokens.words
        if all(origin == NEW for origin in plan.origins[word.start : word.end])
    ]


@pytest.mark.parametrize(
    ("old", "new", "spoken", "spans"),
    [
        ("We like green tea.", "We like black tea.", ["black"], 1),
        ("We like tea.", "We really like tea.", ["really"], 1),
        ("We really like tea.", "We like tea.", [], 1),
        ("We like green tea.", "They like black tea.", ["They", "black"], 2),
        ("We like tea.", "We like tea, too.", ["tea", "too"], 1),  # the pause is another
        ("You like tea.", "You like tea?", ["tea"], 1),
        ("Tom, we like tea.", "Tom we like tea.", ["Tom"], 1),
        ("We like tea", "We like coffee.", ["coffee"], 1),
        ("WE LIKE tea.", "We like Tea now.", ["Tea", "now"], 1),
    ],
)
def test_what_is_spoken(old: str, new: str, spoken: list[str], spans: int) -> None:
    plan = edit(old, new)
    assert new_words(plan) == spoken
    assert len(plan.spans) == spans
    assert [word.text for word in plan.tokens.words] == new.replace(",", "").strip(".?").split()


def test_origins_and_spans_belong_together() -> None:
    old = english_tokens("We never like green tea at all.", "us")
    plan = edit("We never like green tea at all.", "We like the black tea at home.")
    kept = plan.origins != NEW
    np.testing.assert_array_equal(plan.tokens.ids[:, kept], old.ids[:, plan.origins[kept]])
    assert (np.diff(plan.origins[kept]) > 0).all()
    at_old = at_new = 0
    for old_start, old_end, new_start, new_end in plan.spans:
        assert (plan.origins[new_start:new_end] == NEW).all()
        np.testing.assert_array_equal(plan.origins[at_new:new_start], np.arange(at_old, old_start))
        at_old, at_new = old_end, new_end
    np.testing.assert_array_equal(plan.origins[at_new:], np.arange(at_old, len(old.phones)))
    assert len(plan.origins) == len(plan.tokens.phones)


def test_a_kept_word_sounds_as_it_was_recorded() -> None:
    """`the` before a vowel has another phone; nobody speaks it anew."""
    old = english_tokens("We saw the apple.", "us")
    plan = edit("We saw the apple.", "We saw the pear.")
    assert new_words(plan) == ["pear"]
    the = plan.tokens.words[2]
    np.testing.assert_array_equal(
        plan.tokens.phones[the.start : the.end],
        old.phones[old.words[2].start : old.words[2].end],
    )


@pytest.mark.parametrize("new", ["We like tea.", "we like tea", "We  LIKE tea."])
def test_the_same_is_refused(new: str) -> None:
    with pytest.raises(ValueError, match="says the same as the transcript: there is nothing to ed"):
        edit("We like tea.", new)
