"""The trust bundle of the size report: a root and three time servers, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from rootlet.bundle import Bundle, BundledTimeServer, c_files
from rootlet.profile import load_profile

__all__ = ["write_bundle"]

MAKER = "Acme"
HOST = "api.acme.example"
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2046, 1, 1, tzinfo=UTC)
TIME_SERVERS = 3


def write_bundle(folder: Path, *, time_servers: int = TIME_SERVERS) -> Path:
    """Writes it as `rootlet bundle` does; returns the C source."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MAKER),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{MAKER} Root"),
        ]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, START, END)
    root = builder.sign(key, None)
    servers = tuple(
        BundledTimeServer(f"time{i}", f"time{i}.acme.example:2002", bytes([i]) * 32)
        for i in range(1, time_servers + 1)
    )
    bundle = Bundle(load_profile("c25519"), MAKER, root, (HOST,), servers)
    for file in c_files(bundle):
        (folder / file.name).write_bytes(file.content)
    return folder / "rootlet_bundle.c"
