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
    text = grouped(profiled(tmp_path / "profile"))
    assert "SQLAlchemy" in text
    assert "http_orders.py" in text or "sqlite3" in text
