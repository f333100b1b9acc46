"""Training on a borrowed machine that has Python, PyTorch and NumPy, and nothing else.

`pack` makes archives of a prepared corpus and the last checkpoints, `train` spends minutes there and leaves
a checkpoint in parts, `join` makes the parts a checkpoint again. `docs/training.md` has the round.
"""
