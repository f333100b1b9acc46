"""Work and bytes of each part of a model, and what a machine could do at most."""
