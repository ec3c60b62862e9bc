"""Someone else's service: an unrelated CA of its own, P-256, and a web server behind it.

Nothing of the maker's is used here: this is what a weather service or a map service looks like
from the gateway's side.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rootlet.files import write_atomic

__all__ = ["API_KEY", "NAME", "write_outsider"]

NAME = "localhost"
"""The service's host name: in the demo this machine plays the outside world."""

API_KEY = "the-key-the-device-never-held"
"""What the service wants to see; a made-up one, for the demo's own server only."""

ANSWER = (
    '{"location":{"city":"$arg_city","note":"'
    + "weather services are never short of words. " * 20
    + '"},"now":[{"celsius":7}],"asked_by":"$http_rootlet_device"}'
)
"""Long, as answers on the web are; a device wants three fields of it."""

DAYS = 90
"""Lifetime of its certificate, as on the web."""

CONFIGURATION = """\
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {name};
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        location = /v1/weather {{
            default_type application/json;
            if ($http_authorization != "Bearer {key}") {{
                return 401 '{{"error":"no API key"}}';
            }}
            return 200 '{answer}';
        }}
    }}
}}
"""


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())


def write_outsider(folder: Path, port: int) -> Path:
    """Write the service's CA, certificate and nginx configuration; returns the configuration.

    ``folder/ca.pem`` is what the gateway's route trusts.
    """
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Someone Else CA", ca_key, "Someone Else CA", ca_key, is_ca=True)
    leaf = _certificate(NAME, key, "Someone Else CA", ca_key, is_ca=False)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomic(folder / "ca.pem", ca.public_bytes(Encoding.PEM), private=False)
    write_atomic(folder / "cert.pem", leaf.public_bytes(Encoding.PEM), private=False)
    write_atomic(folder / "key.pem", pem, private=True)
    configuration = folder / "nginx.conf"
    text = CONFIGURATION.format(folder=folder, port=port, name=NAME, key=API_KEY, answer=ANSWER)
    write_atomic(configuration, text.encode(), private=True)
    return configuration
