"""Model, voices and lexicon go into the program, and the modules that are imported on first use."""

from __future__ import annotations

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

_TRAINING = ("muspeaker.train", "muspeaker.twin")  # these need PyTorch

datas = collect_data_files("muspeaker") + copy_metadata("muspeaker")
hiddenimports = collect_submodules("muspeaker", lambda name: not name.startswith(_TRAINING))
