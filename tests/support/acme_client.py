"""An ACME client that does what it is told, also what no client should; and a server in process."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey, OctKey, OKPKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from rootlet.ca import RecordStore
from rootlet.ca.acme.account_store import AccountStore
from rootlet.ca.acme.documents import Urls
from rootlet.ca.acme.http_context import Acme
from rootlet.ca.acme.http_routes import AcmeRoutes
from rootlet.ca.acme.jws import encode
from rootlet.ca.acme.limits import Limits
from rootlet.ca.acme.model import Account, Authorization
from rootlet.ca.acme.nonce_store import nonces_of
from rootlet.ca.acme.order_store import OrderStore
from rootlet.ca.authority import Authority
from rootlet.ca.http_app import order_profiles
from rootlet.ca.revocation_store import RevocationStore
from rootlet.maker_ca import AcmeRules
from support.asgi import Answer, ask
from support.makers import authority_of

__all__ = ["BASE", "Client", "Server", "Steady", "csr_for", "server_in_process", "sign"]

BASE = "https://ca.example.test"
NAME = "lamp.fleet.example.test"

Key = ECKey | OKPKey


@dataclass
class Server:
    """The ACME server without sockets: what it asks to be validated is in ``submitted``."""

    app: Starlette
    acme: Acme
    submitted: list[tuple[Authorization, str, Account]] = field(default_factory=list)
    refused: list[str | None] = field(default_factory=list)
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def prove(self) -> None:
        """Let every challenge that was submitted succeed."""
        while self.submitted:
            self.validated(None)

    def validated(self, error: Mapping[str, Any] | None, *, at: int = -1) -> None:
        """Let one of them end; it is not waited for any more."""
        authorization, kind, _ = self.submitted.pop(at)
        self.acme.orders.validated(authorization.id, kind, error, self.acme.now())

    @property
    def issued(self) -> int:
        """Certificates in the record."""
        return len(self.acme.records.all())


@dataclass(frozen=True)
class Steady:
    """A CA that nobody replaces."""

    only: Authority

    def authority(self, _: datetime) -> Authority:
        return self.only

    def chain(self, _: datetime) -> tuple[x509.Certificate, ...]:
        return (self.only.issuing,)


@contextlib.contextmanager
def server_in_process(
    place: Path | str,
    rules: AcmeRules | None = None,
    *,
    profile: str = "c25519",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Server]:
    """A CA with its record in ``place``."""
    authority, _ = authority_of(profile, now=now())
    rules = rules or AcmeRules()
    with RecordStore(place, create=True) as records:
        authority = replace(authority, records=records)
        server = Server(Starlette(), None)  # type: ignore[arg-type]  # set below
        server.acme = Acme(
            present=Steady(authority),
            records=records,
            revocations=RevocationStore(records),
            accounts=AccountStore(records.database),
            orders=OrderStore(records.database),
            nonces=nonces_of(records.database, time.time),
            rules=rules,
            profiles=order_profiles(authority, rules),
            limits=Limits(rules, time.monotonic),
            urls=Urls(BASE),
            now=now,
            submit=lambda *key: server.submitted.append(key),
            event=lambda name, **fields: server.events.append((name, fields)),
        )
        routes = AcmeRoutes(server.acme, refused=server.refused.append)
        handlers = {HTTPException: routes.nowhere}
        server.app = Starlette(routes=routes.routes(), exception_handlers=handlers)
        yield server


def sign(key: Key | OctKey, header: Mapping[str, Any], payload: bytes) -> dict[str, str]:
    """A flattened JWS with whatever header; unsigned for "none" and what no key can do."""
    parts = encode(json.dumps(header).encode()), encode(payload)
    algorithm = JWSRegistry.algorithms.get(str(header.get("alg")))
    signature = b""
    with contextlib.suppress(Exception):
        assert algorithm is not None
        signature = algorithm.sign(".".join(parts).encode(), key)
    return {"protected": parts[0], "payload": parts[1], "signature": encode(signature)}


@dataclass
class Client:
    """Signs requests with its key; ``header`` of a request overrides what is right."""

    server: Server
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256"))
    account: str | None = None

    @property
    def algorithm(self) -> str:
        return "ES256" if isinstance(self.key, ECKey) else "EdDSA"

    def nonce(self) -> str:
        answer = ask(self.server.app, "/acme/new-nonce", method="HEAD")
        assert answer.status == 200
        return answer.headers["replay-nonce"]

    def envelope(self, url: str, payload: Any, /, **header: Any) -> dict[str, str]:
        """A signed request; a header member that is ``...`` is left out."""
        who: dict[str, Any] = {"jwk": self.key.as_dict(private=False)}
        if self.account is not None and "jwk" not in header:
            who = {"kid": self.account}
        right = {"alg": self.algorithm, "nonce": self.nonce(), "url": url, **who}
        right = {name: value for name, value in (right | header).items() if value is not ...}
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return sign(self.key, right, raw)

    def send(self, path: str, body: bytes, kind: str = "application/jose+json") -> Answer:
        headers = {"Content-Type": kind, "Content-Length": str(len(body))}
        return ask(
            self.server.app, path, method="POST", headers=headers, body=body, host="ca.example.test"
        )

    def post(self, url: str, payload: Any = b"", /, **header: Any) -> Answer:
        """A request to an address of the server's."""
        path = url.removeprefix(BASE)
        envelope = self.envelope(BASE + path, payload, **header)
        return self.send(path, json.dumps(envelope).encode())

    def register(self, **more: Any) -> Answer:
        """Make an account, and use it from now on."""
        answer = self.post("/acme/new-account", {"termsOfServiceAgreed": True, **more})
        self.account = answer.headers.get("location")
        return answer

    def order(self, *names: str, **more: Any) -> Answer:
        """Ask for an order."""
        identifiers = [{"type": "dns", "value": name} for name in names or (NAME,)]
        return self.post("/acme/new-order", {"identifiers": identifiers, **more})

    def ready(self, *names: str, **more: Any) -> tuple[str, dict[str, Any]]:
        """An order that is ready to be finalized: its address, and what it says."""
        made = self.order(*names, **more)
        assert made.status == 201, made.text
        for url in json.loads(made.body)["authorizations"]:
            shown = json.loads(self.post(url).body)
            assert self.post(shown["challenges"][0]["url"], {}).status == 200
        self.server.prove()
        where = made.headers["location"]
        found = json.loads(self.post(where).body)
        assert found["status"] == "ready", found
        return where, found

    def finalize(self, order: Mapping[str, Any], csr: bytes) -> Answer:
        """Send a signing request."""
        return self.post(order["finalize"], {"csr": encode(csr)})


def csr_for(
    *names: str,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | None = None,
    common_name: str | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> bytes:
    """DER of a signing request; Ed25519 unless another key is given."""
    key = key or ed25519.Ed25519PrivateKey.generate()
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        general = [x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)
