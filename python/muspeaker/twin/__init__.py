"""The network in PyTorch, twin of `csrc/model`. Needs `muspeaker[train]`."""
