"""Speed from commit to commit: keeps what `tests/bench` measured, draws it, writes it into the docs."""
