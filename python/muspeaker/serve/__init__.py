"""The HTTP server: the OpenAI speech endpoint and the voices behind it (extra: muspeaker[serve])."""
