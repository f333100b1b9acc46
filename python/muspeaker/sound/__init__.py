"""Recordings and speech: reading, levels, files, subtitles."""
