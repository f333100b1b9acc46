"""Servers: OpenAI's speech endpoint (extra: serve), Wyoming (extra: wyoming), the demo page (extra: demo)."""
