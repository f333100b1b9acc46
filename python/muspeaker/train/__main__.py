"""`python -m muspeaker.train STAGE ...`, which is `muspeaker-train`; torchrun wants a module."""

from __future__ import annotations

import sys

from muspeaker.train.command import main

sys.exit(main())
