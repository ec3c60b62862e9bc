"""What time does to orders: validations that are lost, orders that are over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rootlet.maker_ca import AcmeRules
from support.acme_client import NAME, Client, Server, csr_for, server_in_process


def begun_keys(server: Server) -> list[tuple[str, str]]:
    return [(authorization.id, kind) for authorization, kind, _ in server.submitted]


def test_a_validation_that_was_lost_is_begun_anew(tmp_path: Path) -> None:
    moment = [datetime(2027, 3, 1, tzinfo=UTC)]
    with server_in_process(tmp_path / "ca.sqlite", now=lambda: moment[0]) as server:
        client = Client(server)
        client.register()
        made = client.order()
        where, url = made.headers["location"], json.loads(made.body)["authorizations"][0]
        challenge = json.loads(client.post(url).body)["challenges"][0]["url"]
        client.post(challenge, {})
        begun = server.submitted.copy()
        assert client.post(url).headers["retry-after"] == "1"
        client.post(challenge, {})
        assert server.submitted == begun
        moment[0] += timedelta(seconds=31)
        client.post(url)
        assert begun_keys(server) == begun_keys(server)[:1] * 2
        client.post(where)
        assert len(server.submitted) == 2
        moment[0] += timedelta(seconds=31)
        client.post(where)
        assert begun_keys(server) == begun_keys(server)[:1] * 3


def test_orders_are_forgotten_long_after_their_certificates_ended(place: Path | str) -> None:
    start = datetime(2027, 3, 1, tzinfo=UTC)
    moment = [start]
    rules = AcmeRules(profiles={"long": timedelta(hours=48)})
    with server_in_process(place, rules, now=lambda: moment[0]) as server:
        client = Client(server)
        client.register()
        left, (done, order) = client.order().headers["location"], client.ready()
        issued = json.loads(client.finalize(order, csr_for(NAME)).body)
        serial = issued["certificate"].rpartition("/")[2]

        def known(after: timedelta) -> list[bool]:
            moment[0] = start + after
            server.acme.orders.sweep(moment[0])
            ids = [where.rpartition("/")[2] for where in (left, done)]
            return [server.acme.orders.order(identity) is not None for identity in ids]

        assert known(timedelta(days=30, hours=23)) == [True, True]
        assert known(timedelta(days=31, hours=1)) == [False, True]
        assert known(timedelta(days=31, hours=23)) == [False, True]
        assert known(timedelta(days=32, hours=1)) == [False, False]
        assert server.acme.records.with_serial(serial) is not None
