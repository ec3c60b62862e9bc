"""Whatever is asked of ``rootlet ca serve``, in whatever way: it answers, and issues nothing.

``make fuzz-http`` asks for longer.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from rootlet.ca import open_authority
from rootlet.ca.http_app import Services
from rootlet.ca.issuers_store import Issuers
from rootlet.ca.present_store import Present
from rootlet.ca.record_store import RecordStore
from support.acme_client import csr_for
from support.acme_rig import acme_maker
from support.asgi import ask

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
BASE = "https://ca.example.test"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ODD"]
DER = csr_for("a.fleet.example.test")

words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0?/"), max_size=30)
types = st.sampled_from(
    ["application/jose+json", "application/pkcs10", "application/json", "text/plain", "a/b;c=", ";"]
)
bodies = (
    st.binary(max_size=200)
    | st.sampled_from([DER, base64.encodebytes(DER), b"{}", b"[" * 500, b"{" + b" " * 40_000])
    | st.fixed_dictionaries({"protected": words, "payload": words, "signature": words}).map(
        lambda value: json.dumps(value).encode()
    )
)
logins = st.binary(max_size=40).map(lambda raw: "Basic " + base64.b64encode(raw).decode())
latin = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": types | latin,
        "Authorization": logins | latin,
        "Accept": latin,
        "Content-Transfer-Encoding": st.sampled_from(["base64", "binary"]) | latin,
        "Content-Length": st.sampled_from(["0", "7", "-1", "many"]),
    },
)


@dataclass
class Asked:
    """A service, and what it says in its log."""

    services: Services
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def issued(self) -> int:
        return sum(1 for _ in self.services.records.all())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    maker = acme_maker(tmp_path_factory.mktemp("ca") / "mine", more="requests_per_minute = 0")
    events: list[tuple[str, dict[str, Any]]] = []
    with open_authority(maker, verify=None) as authority:
        records = authority.records
        assert isinstance(records, RecordStore)
        services = Services(
            maker,
            Present(Issuers(maker), authority, datetime.now(UTC)),
            records,
            BASE,
            lambda name, **fields: events.append((name, fields)),
        )
        yield Asked(services, events)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_request(asked: Asked, data: st.DataObject) -> None:
    app = asked.services.app()
    routes = [route.path for route in app.routes if isinstance(route, Route)]
    assert {"/acme/new-order", "/status", "/.well-known/est/cacerts"} <= set(routes)
    place = data.draw(st.sampled_from(routes)) if data.draw(st.integers(0, 5)) else "/{odd}"
    while "{" in place:
        before, _, rest = place.partition("{")
        place = before + data.draw(words) + rest.partition("}")[2]
    before_it = asked.issued()
    answer = ask(
        app,
        place,
        method=data.draw(st.sampled_from(METHODS)),
        headers=data.draw(headers),
        body=data.draw(bodies),
        client=data.draw(st.sampled_from(["127.0.0.1", "198.51.100.7", "2001:db8::1"])),
        host=data.draw(st.sampled_from(["ca.example.test", "localhost", "", "["])),
    )
    assert answer.status < 500, (place, answer)
    if place.startswith("/acme/") and answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert problem["type"].startswith("urn:ietf:params:acme:error:")
        assert problem["status"] == answer.status
        assert problem["detail"]
    assert asked.issued() == before_it
    assert not [event for event in asked.events if event[0] == "fault"], asked.events[-1]
