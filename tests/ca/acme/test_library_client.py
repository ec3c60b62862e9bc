"""The ``acme`` library, certbot's own, as a client: a whole order over TLS."""

from __future__ import annotations

import pytest
import requests
from acme import client, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from support.acme_rig import AcmeServer, Rig, http_answers

NAMES = ["a.fleet.example.test", "b.fleet.example.test"]


def network(server: AcmeServer) -> client.ClientNetwork:
    key = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    found = client.ClientNetwork(key, alg=ES256, user_agent="test")
    found.verify_ssl = str(server.root)  # type: ignore[assignment]  # requests takes a path
    return found


def client_of(server: AcmeServer) -> client.ClientV2:
    net = network(server)
    directory = client.ClientV2.get_directory(server.directory, net)
    found = client.ClientV2(directory, net)
    found.new_account(messages.NewRegistration.from_data(terms_of_service_agreed=True))
    return found


def csr(names: list[str], profile: str) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    general = [x509.DNSName(name) for name in names]
    builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    if profile == "c25519":
        made = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    else:
        made = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    return made.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("profile", ["c25519", "p256"])
def test_an_order_from_account_to_certificate(profile: str, request: pytest.FixtureRequest) -> None:
    rig: Rig = request.getfixturevalue(profile)
    server = rig.server
    with http_answers(rig.http_port) as answers:
        mine = client_of(server)
        order = mine.new_order(csr(NAMES, profile))
        for authorization in order.authorizations:
            wanted = next(c for c in authorization.body.challenges if c.chall.typ == "http-01")
            response, validation = wanted.response_and_validation(mine.net.key)
            answers[wanted.chall.path] = validation.encode()
            mine.answer_challenge(wanted, response)
        done = mine.poll_and_finalize(order)
        chain = x509.load_pem_x509_certificates(done.fullchain_pem.encode())
        assert requests.get(server.directory, verify=str(server.root), timeout=10).ok
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == NAMES
    chain[0].verify_directly_issued_by(chain[1])
    assert len(server.events("issued")) == 1
