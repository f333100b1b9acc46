"""Servers: the OpenAI speech endpoint over HTTP (muspeaker[serve]), and Wyoming (muspeaker[wyoming])."""
