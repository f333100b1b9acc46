"""Written text to words."""
