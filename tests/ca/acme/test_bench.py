"""The benchmark of whole orders, a short one: make bench-acme runs the long one."""

from __future__ import annotations

from pathlib import Path

from tools.bench_acme import bench
from tools.where import grouped, profiled

LEAST = 2
"""Orders a second, under a profiler and on whatever machine runs the tests: that it works at all.
The bar is for make bench-acme, on a machine that does nothing else."""


def test_a_few_orders_and_where_their_time_went(tmp_path: Path) -> None:
    result = bench("c25519", clients=3, orders=6, dump=tmp_path / "profile")
    assert result.orders == 6
    assert result.per_core_second > LEAST
    stats = profiled(tmp_path / "profile")
    places = {(Path(file).name, name) for file, _, name in stats.stats}  # type: ignore[attr-defined]
    assert ("http_orders.py", "finalize") in places  # of a thread that is not the main one
    assert "SQLite: statements and commits" in grouped(stats)
