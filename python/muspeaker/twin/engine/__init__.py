"""PyTorch twins of csrc/engine: cloning, listening, speaking."""
