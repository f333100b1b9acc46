"""PyTorch twins of csrc/dsp: signal arithmetic."""
