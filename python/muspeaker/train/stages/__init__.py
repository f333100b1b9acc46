"""One module for each command of `muspeaker-train`; no stage imports another."""
