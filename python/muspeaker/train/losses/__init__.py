"""Losses as pure functions, and the frozen or adversarial networks that some need."""
