"""``python -m rootlet`` is the ``rootlet`` command."""

from __future__ import annotations

import sys

from rootlet.cli import main

sys.exit(main())
