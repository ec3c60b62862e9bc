"""Kill an issuing CA at random moments, 200 times with SQLite and 200 with PostgreSQL, and check.

    PYTHONPATH=src:tests python -m tools.soak_kill [--times N] [--seed N]

PostgreSQL is a cluster of its own that syncs as one in use does, and is stopped hard at the end.
What is checked stands in tests/support/kill_ca.py.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rootlet.ca import init_ca
from rootlet.maker import Maker
from support.kill_ca import kill_often, require_whole
from support.makers import PASSPHRASE, shared_maker
from support.postgres import Cluster, cluster


def soak(name: str, maker: Maker, times: int, seed: int, server: Cluster | None) -> None:
    """Kill and check, and say what came of it."""
    init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
    started = time.monotonic()
    outcome = kill_often(maker, times, chance=random.Random(seed))
    if server:
        server.stop()
        server.start(durable=True)
    recorded = require_whole(maker, outcome)
    print(
        f"{name}: {outcome.kills} kills in {time.monotonic() - started:.0f} s; "
        f"{len(outcome.serials)} certificates left, {recorded} are recorded, each once; the audit "
        "log verifies; each start after a kill issued by itself",
        flush=True,
    )


def main(argv: list[str]) -> int:
    """Soak both databases; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args(argv)
    print(f"seed {wanted.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, cluster(durable=True) as postgres:
        folder = Path(name)
        soak("SQLite", shared_maker(folder / "sqlite", ""), wanted.times, wanted.seed, None)
        address = postgres.database()
        maker = shared_maker(folder / "postgresql", address)
        soak("PostgreSQL", maker, wanted.times, wanted.seed, postgres)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
