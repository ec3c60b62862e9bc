"""Files the gateway needs: secrets, certificates, roots. Checked when it starts, not when asked."""

from __future__ import annotations

import datetime
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rootlet.errors import Environment, Misuse, State
from rootlet.files import read_bytes
from rootlet.gateway.model import Gateway, Route
from rootlet.gateway.pinned_store import pinned_context
from rootlet.gateway.signing import Signer
from rootlet.maker import Maker
from rootlet.pki import certificates_from_pem, require_profile_key
from rootlet.profile import Profile

__all__ = [
    "ServerFiles",
    "client_roots",
    "device_context",
    "load_client_roots",
    "load_secrets",
    "load_server_files",
    "load_signers",
    "read_roots",
    "server_files",
    "upstream_context",
]

_OTHERS_MAY_READ = 0o077
_FIRST_PRINTABLE, _LAST_PRINTABLE = 0x20, 0x7E


class ServerFiles:
    """The gateway's own certificate and key; read again with every ``check``."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate = certificate
        """PEM: leaf, then issuing CA."""
        self.key = key

    def check(self, profile: Profile, *, now: datetime.datetime) -> None:
        """Raise for a certificate that devices of this profile would not accept now."""
        pem = read_bytes(self.certificate, what="the gateway's certificate")
        read_bytes(self.key, what="the gateway's key")
        leaf = certificates_from_pem(pem, what=str(self.certificate))[0]
        require_profile_key(leaf.public_key(), profile, what=str(self.certificate))
        if now > leaf.not_valid_after_utc:
            raise State(
                f"{self.certificate} expired at {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
                hint="renew it with: rootlet ca renew",
            )


def server_files(
    maker: Maker, gateway: Gateway, certificate: Path | None, key: Path | None
) -> ServerFiles:
    """The files named, or those that the maker's CA issued for the gateway's name."""
    if certificate is not None and key is not None:
        return ServerFiles(certificate, key)
    if certificate is not None or key is not None:
        raise Misuse("--certificate and --key belong together", hint="give both, or neither")
    if not gateway.name:
        raise Misuse(
            "the gateway has no certificate",
            hint='set name = "gateway.example.com" in [gateway], or give --certificate and --key',
        )
    folder = maker.folder / "issued" / "servers" / gateway.name
    return ServerFiles(folder / "cert.pem", folder / "key.pem")


def client_roots(maker: Maker) -> Path:
    """What device certificates must chain to: issuing CA and root."""
    path = maker.folder / "ca" / "clients.pem"
    if not path.is_file():
        raise Environment(
            f"there is no {path}", hint="make the CA first: rootlet ca init --maker DIR"
        )
    return path


def device_context(profile: Profile, files: ServerFiles, clients: Path) -> ssl.SSLContext:
    """TLS for the device leg: the profile's, a client certificate, no tickets."""
    context = pinned_context(profile)
    context.num_tickets = profile.tls.tickets
    context.verify_mode = ssl.CERT_REQUIRED
    load_server_files(context, files)
    load_client_roots(context, clients)
    return context


def load_client_roots(context: ssl.SSLContext, clients: Path) -> None:
    """Let ``context`` accept devices of these CAs, but for those in the CRLs beside them.

    What it accepted before it accepts still, and of two CRLs of a CA the newer one counts, so that
    a context at work takes up a new issuing CA and new lists.
    """
    read_bytes(clients, what="the CA's certificates")
    try:
        context.load_verify_locations(cafile=clients)
    except ssl.SSLError as error:
        raise Misuse(
            f"{clients} holds no PEM certificates", hint="it is written by: rootlet ca"
        ) from error
    lists = clients.with_name("crl.pem")
    if not lists.exists():
        return
    try:
        x509.load_pem_x509_crl(read_bytes(lists, what="the CRLs"))
        context.load_verify_locations(cafile=lists)
    except (ssl.SSLError, ValueError) as error:
        raise Misuse(
            f"{lists} holds no CRL in PEM", hint="make it again: rootlet ca crl"
        ) from error
    context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN


def load_server_files(context: ssl.SSLContext, files: ServerFiles) -> None:
    """Put certificate and key into ``context``; connections made from now on get them."""
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise Misuse(
            f"{files.key} is not the key of {files.certificate}",
            hint="give an unencrypted PEM key that belongs to the certificate",
        ) from error


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal.
    raise ValueError("the key is encrypted")


def read_roots(route: Route) -> bytes:
    """The file that a route's upstream must chain to; nothing for public roots."""
    if route.roots is None:
        return b""
    return read_bytes(route.roots, what=f"the roots of route {route.alias}")


def upstream_context(route: Route) -> ssl.SSLContext | None:
    """TLS for a route's upstream: verified, name checked; None for plain HTTP."""
    if route.upstream.scheme == "http":
        return None
    if route.roots is None:
        context = ssl.create_default_context()
    else:
        read_roots(route)
        try:
            context = ssl.create_default_context(cafile=route.roots)
        except ssl.SSLError as error:
            raise Misuse(
                f"{route.roots} holds no PEM certificates",
                hint=f"put the roots of {route.upstream.host} there",
            ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def load_secrets(maker: Maker, gateway: Gateway) -> dict[str, Mapping[str, str]]:
    """Values of all secret headers, by alias and header name; no error text ever holds one."""
    folder = maker.folder / "secrets"
    return {
        alias: {name: _secret(folder, source) for name, source in route.secret_headers}
        for alias, route in gateway.routes.items()
    }


def load_signers(maker: Maker, gateway: Gateway) -> dict[str, Signer]:
    """Who signs for the routes that are signed, by alias."""
    folder = maker.folder / "secrets"
    return {
        alias: Signer(_signing_key(_content(folder, route.sign_with), route.sign_with))
        for alias, route in gateway.routes.items()
        if route.sign_with
    }


def _signing_key(pem: bytes, source: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        # No cause: its text could hold a part of what should have been a key.
        raise Misuse(
            f"{source} holds no Ed25519 private key in PEM",
            hint="make one: rootlet gateway signing-key NAME",
        ) from None
    return key


def _secret(folder: Path, source: str) -> str:
    return _one_line(_content(folder, source), source)


def _content(folder: Path, source: str) -> bytes:
    kind, _, name = source.partition(":")
    if kind == "env":
        value = os.environ.get(name)
        if value is None:
            raise Environment(
                f"there is no {name} in the environment",
                hint="set it, or keep the secret in a file",
            )
        return value.encode(errors="surrogateescape")
    if kind == "credential":
        handed = os.environ.get("CREDENTIALS_DIRECTORY")
        if handed is None:
            raise Environment(
                "systemd hands over no credentials here",
                hint=f"in the unit: LoadCredential={name}:/path/to/the/secret",
            )
        return read_bytes(Path(handed) / name, what="the credential")
    path = folder / source
    content = read_bytes(path, what="the secret")
    if path.stat().st_mode & _OTHERS_MAY_READ:
        raise Environment(f"others than its owner may read {path}", hint=f"run: chmod 600 {path}")
    return content


def _one_line(content: bytes, path: str) -> str:
    content = content.rstrip(b"\r\n")
    if not content or not all(_FIRST_PRINTABLE <= byte <= _LAST_PRINTABLE for byte in content):
        raise Misuse(
            f"{path} does not hold one line of visible ASCII",
            hint="write the header's whole value into it, for example: Bearer abc123",
        )
    return content.decode("ascii")
