"""Training speech made by public text-to-speech models: exact phones and durations, no recordings.

`speak` and `hibari` make speech, `prosody` makes durations, F0 and energy alone, `manifest` joins
what they made into one table, and `voices` packs the voice files that `speak` and `prosody` need.
The packages are those of the extra `teacher`. `docs/training.md` has the commands and the licences.
"""
