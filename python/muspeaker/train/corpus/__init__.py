"""Recordings, texts, phones and their places, as the stages read them."""
