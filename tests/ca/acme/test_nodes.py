"""Servers that are killed, and servers that share a database: their clients notice nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import soak_nodes

from rootlet.ca import RecordStore, place_of
from rootlet.ca.acme.jws import encode
from support.acme_client import csr_for
from support.acme_rig import acme_maker, acme_server, http_answers
from support.acme_spread import Spread
from support.processes import free_port

NAME = "a.fleet.example.test"


def test_two_nodes_on_one_database(capsys: pytest.CaptureFixture[str]) -> None:
    """make soak-nodes, with few orders: each step at either node, one of them killed midway."""
    assert soak_nodes.main(["--orders", "10", "--clients", "2"]) == 0
    said = capsys.readouterr().out
    assert "5 orders complete, one server killed" in said
    assert "10 orders in" in said
    assert "no serial twice, the audit log verifies" in said


def test_an_order_outlives_a_server_that_is_killed_at_each_step(tmp_path: Path) -> None:
    http_port, port = free_port(), free_port()
    maker = acme_maker(tmp_path / "mine", http_port=http_port)
    base = f"https://127.0.0.1:{port}"
    with http_answers(http_port) as answers:
        with acme_server(maker, port=port) as server:
            client = Spread([server], base)
            client.register()
            where, _ = client.ready(NAME, answers)
            server.kill()
        with acme_server(maker, port=port) as server:
            client.servers = [server]
            order = client.until(where, "ready")
            done = client.read(order["finalize"], {"csr": encode(csr_for(NAME))})
            server.kill()
        with acme_server(maker, port=port) as server:
            client.servers = [server]
            assert client.read(where) == done
            again = client.read(order["finalize"], {"csr": encode(csr_for(NAME))})
            assert again == done
            assert b"BEGIN CERTIFICATE" in client.post(done["certificate"])[1]
    with RecordStore(place_of(maker)) as records:
        assert len(records.named(NAME)) == 1
