"""EST: who gets a certificate, for which key and name, and who does not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from rootlet.ca import Authority, RecordStore
from rootlet.ca.est.enrolment_store import EnrolmentStore
from rootlet.ca.est.http_est import CLIENT_CERTIFICATE, Est
from rootlet.ca.est.messages import REQUEST_BYTES
from rootlet.errors import Environment, Refused
from rootlet.pki import Kind, PrivateKey, device_identity, generate_key
from support.asgi import Answer, ask
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BASE = "/.well-known/est/"
TYPE = {"Content-Type": "application/pkcs10"}


@dataclass
class Service:
    """EST on a record of its own."""

    authority: Authority
    store: RecordStore
    enrolments: EnrolmentStore
    secrets: dict[str, str]
    refused: list[str | None] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    now: datetime = NOW
    broken: bool = False

    @contextmanager
    def opened(self) -> Iterator[Authority]:
        if self.broken:
            raise Environment("cannot connect to somewhere secret", hint="see to it")
        yield self.authority

    def app(self, certificate: bytes | None = None) -> object:
        routes = Est(
            self.opened,
            self.enrolments,
            revoked=self.revoked.__contains__,
            refused=self.refused.append,
            now=lambda: self.now,
        ).routes()
        app = Starlette(routes=routes)

        async def with_certificate(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, CLIENT_CERTIFICATE: certificate}, receive, send)

        return app if certificate is None else with_certificate

    def post(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        certificate: bytes | None = None,
    ) -> Answer:
        app = self.app(certificate)
        return ask(app, BASE + path, method="POST", headers=TYPE | (headers or {}), body=body)  # type: ignore[arg-type]

    def enroll(self, device: str, key: PrivateKey, secret: str | None = None) -> Answer:
        secret = self.secrets.get(device, "none") if secret is None else secret
        return self.post("simpleenroll", request_of(key), basic(device, secret))

    def issued(self) -> int:
        return sum(record.kind is Kind.DEVICE for record in self.store.all())


@pytest.fixture
def service(place: Path | str) -> Iterator[Service]:
    authority, _ = authority_of(now=NOW - timedelta(days=1))
    with RecordStore(place, create=True) as store:
        enrolments = EnrolmentStore(store.database)
        made = enrolments.add(["sensor-1", "sensor-2"], now=NOW, lasts=timedelta(hours=72))
        yield Service(replace(authority, records=store), store, enrolments, dict(made))


def basic(device: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{device}:{secret}".encode()).decode()}


def request_of(key: PrivateKey | rsa.RSAPrivateKey, name: str = "someone else") -> bytes:
    """A request that asks for another name and to be a CA: neither is looked at."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder(subject).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return base64.encodebytes(builder.sign(key, algorithm).public_bytes(Encoding.DER))


def certificate_in(answer: Answer) -> x509.Certificate:
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only"
    (certificate,) = load_der_pkcs7_certificates(base64.b64decode(answer.body))
    return certificate


def test_the_authorities_are_handed_out(service: Service) -> None:
    answer = ask(service.app(), BASE + "cacerts")  # type: ignore[arg-type]
    found = load_der_pkcs7_certificates(base64.b64decode(answer.body))
    assert set(found) == {service.authority.issuing, service.authority.root}


def test_a_device_enrols_and_again_before_its_end(service: Service) -> None:
    key = generate_key(service.authority.profile)
    first = certificate_in(service.enroll("sensor-1", key))
    assert first.public_key() == key.public_key()
    assert device_identity(first, service.authority.policy.urn_prefix) == "sensor-1"
    first.verify_directly_issued_by(service.authority.issuing)
    assert not [
        e for e in first.extensions if isinstance(e.value, x509.BasicConstraints) and e.value.ca
    ]
    newer = generate_key(service.authority.profile)
    again = certificate_in(
        service.post(
            "simplereenroll", request_of(newer), certificate=first.public_bytes(Encoding.DER)
        )
    )
    assert again.public_key() == newer.public_key()
    assert device_identity(again, service.authority.policy.urn_prefix) == "sensor-1"
    records = service.store.named("sensor-1")
    assert [record.status.value for record in records] == ["replaced", "delivered"]


def test_a_lost_answer_is_asked_for_again(service: Service) -> None:
    key = generate_key(service.authority.profile)
    assert service.enroll("sensor-1", key).status == 200
    assert service.enroll("sensor-1", key).status == 200
    other = service.enroll("sensor-1", generate_key(service.authority.profile))
    assert other.status == 401
    assert "another key" in other.text
    assert service.issued() == 2


def test_nothing_is_issued_to_strangers(service: Service) -> None:
    key = generate_key(service.authority.profile)
    request = request_of(key)
    cases = [
        service.enroll("sensor-1", key, secret="0" * 32),
        service.enroll("sensor-1", key, secret=service.secrets["sensor-2"]),
        service.enroll("sensor-9", key),
        service.enroll("\x00", key),
        service.enroll("sensor-1", key, secret="\udfff".encode("utf-8", "replace").decode()),
        service.post("simpleenroll", request),
        service.post("simpleenroll", request, {"Authorization": "Basic ?"}),
        service.post("simpleenroll", request, {"Authorization": "Bearer x"}),
        service.post("simplereenroll", request),
    ]
    service.now = NOW + timedelta(hours=73)
    cases.append(service.enroll("sensor-1", key))
    assert [answer.status for answer in cases] == [401] * len(cases)
    assert all("www-authenticate" in answer.headers for answer in cases)
    assert service.issued() == 0


def test_a_secret_is_void_when_taken_back_or_made_anew(service: Service) -> None:
    key = generate_key(service.authority.profile)
    old = service.secrets["sensor-1"]
    service.enrolments.add(["sensor-1"], now=NOW, lasts=timedelta(hours=1))
    assert service.enroll("sensor-1", key, secret=old).status == 401
    assert service.enrolments.remove("sensor-2")
    assert not service.enrolments.remove("sensor-2")
    assert service.enroll("sensor-2", key).status == 401
    with pytest.raises(Refused, match="not a device id"):
        service.enrolments.add(["sensor-3", "no/id"], now=NOW, lasts=timedelta(hours=1))
    assert [e.device for e in service.enrolments.all()] == ["sensor-1"]


def test_only_a_device_enrols_again(service: Service) -> None:
    authority = service.authority
    server = authority.issue_server(["api.example.test"], now=NOW).certificate
    device = authority.issue_device("sensor-1", now=NOW).certificate
    request = request_of(generate_key(authority.profile))
    for certificate in (server, authority.issuing, authority.root):
        der = certificate.public_bytes(Encoding.DER)
        assert service.post("simplereenroll", request, certificate=der).status == 400
    service.revoked.add(service.store.named("sensor-1")[0].serial)
    der = device.public_bytes(Encoding.DER)
    assert service.post("simplereenroll", request, certificate=der).status == 403
    assert service.issued() == 1
    assert service.refused[-1] == "revoked"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not base64!", 400),
        (base64.b64encode(b"\x30\x03\x02\x01\x00"), 400),
        (b"A" * (REQUEST_BYTES + 1), 413),
        (request_of(rsa.generate_private_key(65537, 2048)), 400),
        (request_of(ec.generate_private_key(ec.SECP256R1())), 400),
    ],
)
def test_a_bad_request_is_refused(service: Service, body: bytes, status: int) -> None:
    headers = basic("sensor-1", service.secrets["sensor-1"])
    answer = service.post("simpleenroll", body, headers)
    assert answer.status == status
    assert service.issued() == 0
    wrong = headers | {"Content-Type": "text/plain"}
    assert service.post("simpleenroll", body, wrong).status == 415


def test_a_request_that_its_key_did_not_sign_is_refused(service: Service) -> None:
    der = bytearray(base64.b64decode(request_of(generate_key(service.authority.profile))))
    der[-1] ^= 1
    headers = basic("sensor-1", service.secrets["sensor-1"])
    answer = service.post("simpleenroll", base64.b64encode(bytes(der)), headers)
    assert (answer.status, answer.text.partition(":")[0]) == (400, "request")
    assert service.issued() == 0


def test_a_ca_that_cannot_issue_says_when_to_come_back(service: Service) -> None:
    service.broken = True
    answer = service.enroll("sensor-1", generate_key(service.authority.profile))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "secret" not in answer.text


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damaged_request_is_issued_for_another_key(
    service: Service, data: st.DataObject
) -> None:
    """Whatever is done to a request: it is refused, or the certificate is for a key that signed."""
    before = service.issued()
    der = bytearray(base64.b64decode(request_of(generate_key(service.authority.profile))))
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    answer = service.post(
        "simpleenroll",
        base64.b64encode(bytes(der)),
        basic("sensor-2", service.secrets["sensor-2"]),
    )
    if answer.status == 200:
        assert x509.load_der_x509_csr(bytes(der)).is_signature_valid
    else:
        assert answer.status in {400, 401}
        assert service.issued() == before
