"""Two ACME servers on one PostgreSQL: 1,000 orders, each step at either of them, one is killed.

    PYTHONPATH=src:tests python -m tools.soak_nodes [--orders N] [--clients N] [--seed N]

When half of the orders are complete, one server is killed (-9); clients that were talking to it ask
the other one again. Every order completes, every certificate is recorded once, no serial twice, and
the audit log verifies, or this ends with an error.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from cryptography import x509

from rootlet.ca import RecordStore, place_of
from rootlet.maker import Maker
from support.acme_rig import AcmeServer, acme_maker, acme_server, http_answers
from support.acme_spread import Spread
from support.postgres import cluster
from support.processes import free_port

BASE = "https://127.0.0.1:1"
SAY_EVERY = 100


def names(orders: int) -> list[str]:
    """A name for each order, so that each is validated by itself."""
    return [f"n{number}.fleet.example.test" for number in range(orders)]


class Soak:
    """Orders that wait for a client, and what came of the others."""

    def __init__(self, servers: list[AcmeServer], wanted: list[str], seed: int) -> None:
        self.servers = servers
        self.wanted = wanted
        self.seed = seed
        self.serials: dict[str, int] = {}
        self._next = count()
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def _complete(self, name: str, pem: bytes) -> None:
        with self._lock:
            self.serials[name] = x509.load_pem_x509_certificates(pem)[0].serial_number
            done = len(self.serials)
            if done == len(self.wanted) // 2:
                self.servers[0].kill()
                print(f"{done} orders complete, one server killed", flush=True)
            elif done % SAY_EVERY == 0:
                took = time.monotonic() - self._started
                print(f"{done} orders complete, {took:.0f} s", flush=True)

    def client(self, number: int, answers: dict[str, bytes]) -> Spread:
        """Takes orders until there are no more."""
        client = Spread(self.servers, BASE, random.Random(self.seed + number))
        client.register()
        while (at := next(self._next)) < len(self.wanted):
            self._complete(self.wanted[at], client.complete(self.wanted[at], answers))
        return client


def check(maker: Maker, serials: dict[str, int]) -> str:
    """What the record and the log say of these certificates; an error where they disagree."""
    with RecordStore(place_of(maker)) as records:
        for name, serial in serials.items():
            recorded = [int(row.serial, 16) for row in records.named(name)]
            assert recorded == [serial], f"{name}: {recorded} recorded, {serial} left"
        every = [row.serial for row in records.all()]
        findings = records.verify()
    assert len(set(every)) == len(every)
    assert len(set(serials.values())) == len(serials)
    assert not findings.problems, findings.problems
    return f"{len(every)} certificates recorded, no serial twice, the audit log verifies"


def main(argv: list[str]) -> int:
    """Run the soak; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args(argv)
    print(f"seed {wanted.seed}", flush=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as name, cluster(durable=True) as postgres:
        maker = acme_maker(
            Path(name) / "mine",
            http_port=port,
            database=postgres.database(),
            addresses=tuple(names(wanted.orders)),
            more="requests_per_minute = 0",  # the clients stand for those of many addresses
        )
        started = time.monotonic()
        with (
            acme_server(maker, "--url", BASE) as one,
            acme_server(maker, "--url", BASE) as two,
            http_answers(port) as answers,
            ThreadPoolExecutor(wanted.clients) as pool,
        ):
            soak = Soak([one, two], names(wanted.orders), wanted.seed)
            work = [pool.submit(soak.client, number, answers) for number in range(wanted.clients)]
            clients = [each.result() for each in work]
        took = time.monotonic() - started
        assert len(soak.serials) == wanted.orders
        again = sum(client.again for client in clients)
        print(f"{wanted.orders} orders in {took:.0f} s, all complete; asked again {again} times")
        print(check(maker, soak.serials))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
