"""An ACME client that asks another of several servers at each step, and asks again as RFC 8555 has
it when one of them is gone."""

from __future__ import annotations

import json
import random
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import ECKey

from rootlet.ca.acme.jws import encode
from support.acme_client import csr_for, sign
from support.acme_rig import AcmeServer

__all__ = ["Spread"]

SECONDS = 60
"""For an answer, and for an order to go on."""
PAUSE = 0.02
"""Between questions about an order, in seconds."""


@dataclass
class Spread:
    """Servers that share a database, and one account. Without ``chance`` they are asked in turn and
    nothing is asked twice."""

    servers: list[AcmeServer]
    base: str
    """What all of them are called."""
    chance: random.Random | None = None
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    account: str | None = None
    asked: int = 0
    again: int = 0
    """How often something was asked once more."""

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[Any, bytes]:
        place = self.chance.randrange(len(self.servers)) if self.chance else self.asked
        server = self.servers[place % len(self.servers)]
        self.asked += 1
        context = ssl.create_default_context(cafile=str(server.root))
        headers = {"Content-Type": "application/jose+json"}
        request = urllib.request.Request(server.listening + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:
            return answer.headers, answer.read()

    def _post(self, url: str, payload: Any) -> tuple[Any, bytes]:
        nonce = self._ask("HEAD", "/acme/new-nonce")[0]["replay-nonce"]
        who = {"kid": self.account} if self.account else {"jwk": self.key.as_dict(private=False)}
        header = {"alg": "ES256", "nonce": nonce, "url": url, **who}
        raw = b"" if payload is None else json.dumps(payload).encode()
        envelope = json.dumps(sign(self.key, header, raw)).encode()
        return self._ask("POST", url.removeprefix(self.base), envelope)

    def post(self, url: str, payload: Any = None) -> tuple[Any, bytes]:
        """Headers and body of the answer. What no server answered is asked again, each time with a
        nonce of its own (section 6.5)."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return self._post(url, payload)
            except urllib.error.HTTPError:
                raise
            except OSError:
                if self.chance is None or time.monotonic() > deadline:
                    raise
                self.again += 1

    def read(self, url: str, payload: Any = None) -> dict[str, Any]:
        """The answer's object."""
        return dict(json.loads(self.post(url, payload)[1]))

    def register(self) -> None:
        """Make the account."""
        self.account = self.post(f"{self.base}/acme/new-account", {})[0]["location"]

    def ready(self, name: str, answers: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
        """A new order whose challenge is answered: its address, and itself."""
        wanted = {"identifiers": [{"type": "dns", "value": name}]}
        headers, body = self.post(f"{self.base}/acme/new-order", wanted)
        where, order = headers["location"], json.loads(body)
        shown = self.read(order["authorizations"][0])
        if shown["status"] != "valid":
            challenge = next(each for each in shown["challenges"] if each["type"] == "http-01")
            token = challenge["token"]
            path = f"/.well-known/acme-challenge/{token}"
            answers[path] = f"{token}.{self.key.thumbprint()}".encode()
            self.read(challenge["url"], {})
        return where, self.until(where, "ready")

    def complete(self, name: str, answers: dict[str, bytes]) -> bytes:
        """The chain of a whole order."""
        _, order = self.ready(name, answers)
        done = self.read(order["finalize"], {"csr": encode(csr_for(name))})
        assert done["status"] == "valid", done
        return self.post(done["certificate"])[1]

    def until(self, where: str, status: str) -> dict[str, Any]:
        """Ask until the order gets there."""
        deadline = time.monotonic() + SECONDS
        while (order := self.read(where))["status"] != status:
            assert order["status"] == "pending", order
            assert time.monotonic() < deadline, order
            time.sleep(PAUSE)
        return order
