"""``rootlet ca serve`` as devices and people meet it: EST, the status page, the metrics."""

from __future__ import annotations

import base64
import csv
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from rootlet.pki import (
    PrivateKey,
    ca_number,
    certificate_to_pem,
    device_identity,
    generate_key,
    key_to_pem,
)
from support.acme_rig import AcmeServer, acme_maker, acme_server
from support.agent_rig import wait_until
from support.commands import Run
from support.makers import PASSPHRASE

EST = "/.well-known/est"


@dataclass
class Device:
    """Asks the service; shows its certificate once it has one."""

    server: AcmeServer
    folder: Path
    pair: tuple[Path, Path] | None = None

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=self.server.root)
        if self.pair is not None:
            context.load_cert_chain(*self.pair)
        host, _, port = self.server.directory.split("/")[2].rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def enroll(
        self, key: PrivateKey, path: str, headers: dict[str, str] | None = None
    ) -> x509.Certificate:
        builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
        hash_of = {"Ed25519PrivateKey": None}.get(type(key).__name__, SHA256())
        request = base64.encodebytes(builder.sign(key, hash_of).public_bytes(Encoding.DER))
        given = {"Content-Type": "application/pkcs10"} | (headers or {})
        status, body = self.ask("POST", f"{EST}/{path}", request, given)
        assert status == 200, body
        (certificate,) = load_der_pkcs7_certificates(base64.b64decode(body))
        files = self.folder / "cert.pem", self.folder / "key.pem"
        files[0].write_bytes(certificate_to_pem(certificate))
        files[1].write_bytes(key_to_pem(key))
        self.pair = files
        return certificate


@pytest.mark.parametrize("profile", ["c25519", "p256"])
def test_a_device_enrols_renews_and_is_revoked(tmp_path: Path, run: Run, profile: str) -> None:
    maker = acme_maker(tmp_path / "mine", profile)
    out = tmp_path / "secrets.csv"
    assert run("ca", "enrol", "add", "sensor-1", "--out", out, "--maker", maker.folder).code == 0
    ((device_id, secret),) = list(csv.reader(out.read_text(encoding="ascii").splitlines()))[1:]
    basic = base64.b64encode(f"{device_id}:{secret}".encode()).decode()
    with acme_server(maker) as server:
        device = Device(server, tmp_path)
        assert device.ask("GET", f"{EST}/cacerts")[0] == 200
        first = device.enroll(
            generate_key(maker.profile), "simpleenroll", {"Authorization": f"Basic {basic}"}
        )
        assert device_identity(first, maker.devices.urn_prefix) == "sensor-1"
        newer = generate_key(maker.profile)
        second = device.enroll(newer, "simplereenroll")
        assert second.public_key() == newer.public_key()
        words = ("--reason", "key-compromise", "--maker", maker.folder)
        assert run("ca", "revoke", "sensor-1", *words).code == 0
        with pytest.raises(AssertionError, match="revoked"):
            device.enroll(newer, "simplereenroll")
        assert "sensor-1" in run("ca", "list", "--maker", maker.folder).out


def test_the_next_issuing_ca_is_taken_up(tmp_path: Path, run: Run) -> None:
    maker = acme_maker(tmp_path / "mine")
    passphrase, out = tmp_path / "passphrase", tmp_path / "secrets.csv"
    passphrase.write_bytes(PASSPHRASE)
    assert run("ca", "enrol", "add", "sensor-1", "--out", out, "--maker", maker.folder).code == 0
    ((device_id, secret),) = list(csv.reader(out.read_text(encoding="ascii").splitlines()))[1:]
    basic = base64.b64encode(f"{device_id}:{secret}".encode()).decode()
    with acme_server(maker) as server:
        device = Device(server, tmp_path)
        login = {"Authorization": f"Basic {basic}"}
        first = device.enroll(generate_key(maker.profile), "simpleenroll", login)
        words = ("--passphrase-file", passphrase, "--maker", maker.folder)
        assert run("ca", "issuing", "rotate", *words).code == 0
        second = device.enroll(generate_key(maker.profile), "simplereenroll")
        # The service's own certificate follows, and what it checks devices with.
        wait_until(lambda: len(server.events("own_certificate")) == 2)
        third = device.enroll(generate_key(maker.profile), "simplereenroll")
        assert server.events("own_certificate")[1]["renewed"]
    assert [ca_number(each.issuer) for each in (first, second, third)] == [1, 2, 2]


def test_people_look_at_it(tmp_path: Path) -> None:
    maker = acme_maker(tmp_path / "mine")
    password = tmp_path / "password"
    password.write_text("a long enough password\n", encoding="ascii")
    with acme_server(maker, "--status-password-file", str(password)) as server:
        device = Device(server, tmp_path)
        status, page = device.ask("GET", "/status")
        assert (status, b"CN=Example Root" in page) == (200, True)
        status, numbers = device.ask("GET", "/metrics")
        assert (status, b"rootlet_ca_issued_total" in numbers) == (200, True)
        elsewhere = {"X-Forwarded-For": "192.0.2.1"}
        assert device.ask("GET", "/status", headers=elsewhere)[0] == 401
        given = base64.b64encode(b"status:a long enough password").decode()
        headers = elsewhere | {"Authorization": f"Basic {given}"}
        assert device.ask("GET", "/metrics", headers=headers)[0] == 200


def test_a_short_password_is_not_taken(tmp_path: Path, run: Run) -> None:
    maker = acme_maker(tmp_path / "mine")
    password = tmp_path / "password"
    password.write_text("short\n", encoding="ascii")
    words = ("--listen", "127.0.0.1:0", "--status-password-file", password)
    done = run("ca", "serve", *words, "--maker", maker.folder)
    assert done.code == 5
    assert "openssl rand" in done.err
