"""The agent's soak: certificates of a minute for ten minutes, then with the CA killed every 20 s.

    PYTHONPATH=tests python -m tools.soak_agent [--seconds 600]

Exit code 1 when a handshake failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from support.agent_soak import soak

LIFE = "60s"
KILL_SECONDS = 20.0


def main(argv: list[str] | None = None) -> int:
    """Run both soaks; prints what they saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="for each of the two")
    seconds = parser.parse_args(argv).seconds
    failed = 0
    for what, kill_every in (("the CA there all the time", None), ("killed", KILL_SECONDS)):
        print(f"soak: {seconds:g} s, certificates of {LIFE}, {what}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            seen = soak(Path(folder), seconds=seconds, life=LIFE, kill_every=kill_every)
        print("\n".join(f"  {line}" for line in seen.lines()), flush=True)
        failed += seen.failed.total()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
