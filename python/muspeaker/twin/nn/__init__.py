"""PyTorch twins of csrc/nn: layers that torch.nn does not have in our form."""
