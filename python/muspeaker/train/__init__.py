"""Training, one module a stage; `docs/training.md` has the commands."""
