"""PyTorch twins of csrc/model: the parts of the network."""
