"""Many texts into many files: by the processes of one machine, or by a Ray cluster."""
