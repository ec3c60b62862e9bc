"""Servers that are killed, and servers that share a database: their clients notice nothing."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from rootlet.ca import RecordStore, place_of
from rootlet.ca.acme.jws import encode
from rootlet.maker import load_maker
from support.acme_client import csr_for, sign
from support.acme_rig import AcmeServer, acme_maker, acme_server, http_answers
from support.postgres import Cluster
from support.processes import free_port

NAME = "a.fleet.example.test"
ORDERS = 6
SECONDS = 60


@dataclass
class Spread:
    """A client that asks one server after the other, whichever address was given to it."""

    servers: list[AcmeServer]
    base: str
    """What all of them are called."""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    account: str | None = None
    asked: int = 0

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[Any, bytes]:
        server = self.servers[self.asked % len(self.servers)]
        self.asked += 1
        context = ssl.create_default_context(cafile=str(server.root))
        headers = {"Content-Type": "application/jose+json"}
        request = urllib.request.Request(server.listening + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:
            return answer.headers, answer.read()

    def post(self, url: str, payload: Any = None) -> tuple[Any, bytes]:
        nonce = self._ask("HEAD", "/acme/new-nonce")[0]["replay-nonce"]
        who = {"kid": self.account} if self.account else {"jwk": self.key.as_dict(private=False)}
        header = {"alg": "ES256", "nonce": nonce, "url": url, **who}
        raw = b"" if payload is None else json.dumps(payload).encode()
        envelope = json.dumps(sign(self.key, header, raw)).encode()
        return self._ask("POST", url.removeprefix(self.base), envelope)

    def read(self, url: str, payload: Any = None) -> dict[str, Any]:
        return dict(json.loads(self.post(url, payload)[1]))

    def register(self) -> None:
        self.account = self.post(f"{self.base}/acme/new-account", {})[0]["location"]

    def ready(self, answers: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
        wanted = {"identifiers": [{"type": "dns", "value": NAME}]}
        headers, body = self.post(f"{self.base}/acme/new-order", wanted)
        where, order = headers["location"], json.loads(body)
        shown = self.read(order["authorizations"][0])
        challenge = next(each for each in shown["challenges"] if each["type"] == "http-01")
        token = challenge["token"]
        answers[f"/.well-known/acme-challenge/{token}"] = (
            f"{token}.{self.key.thumbprint()}".encode()
        )
        self.read(challenge["url"], {})
        return where, self.until(where, "ready")

    def until(self, where: str, status: str) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while (order := self.read(where))["status"] != status:
            assert order["status"] == "pending", order
            assert time.monotonic() < deadline, order
            time.sleep(0.02)
        return order


def test_two_nodes_on_one_database(postgres: Cluster, tmp_path: Path) -> None:
    port = free_port()
    base = "https://127.0.0.1:1"
    maker = acme_maker(tmp_path / "mine", http_port=port, database=postgres.database())
    with (
        acme_server(maker, "--url", base) as one,
        acme_server(maker, "--url", base) as two,
        http_answers(port) as answers,
    ):
        client = Spread([one, two], base)
        client.register()
        for number in range(ORDERS):
            client.asked += number  # not always the same server for the same step
            _, order = client.ready(answers)
            done = client.read(order["finalize"], {"csr": encode(csr_for(NAME))})
            assert done["status"] == "valid"
            assert b"BEGIN CERTIFICATE" in client.post(done["certificate"])[1]
        # One is killed: what it began is finished by the other.
        where, order = client.ready(answers)
        one.kill()
        client.servers = [two, two]
        done = client.read(order["finalize"], {"csr": encode(csr_for(NAME))})
        assert client.read(where) == done
    with RecordStore(place_of(load_maker(maker.folder))) as records:
        assert len(records.named(NAME)) == ORDERS + 1


def test_an_order_outlives_a_server_that_is_killed_at_each_step(tmp_path: Path) -> None:
    http_port, port = free_port(), free_port()
    maker = acme_maker(tmp_path / "mine", http_port=http_port)
    base = f"https://127.0.0.1:{port}"
    with http_answers(http_port) as answers:
        with acme_server(maker, port=port) as server:
            client = Spread([server], base)
            client.register()
            where, _ = client.ready(answers)
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
