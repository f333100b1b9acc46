"""The OpenAI speech endpoint over HTTP."""
