"""A TLS server without a socket: Python's ssl on memory, for tests that feed byte by byte."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

from cryptography import x509

from support.authority import Authority

__all__ = ["MemoryServer"]


class MemoryServer:
    """The server's side of one connection. It asks for a device certificate when told so."""

    def __init__(self, authority: Authority, folder: Path, *, clients: bool = False) -> None:
        leaf = authority.server()
        chain, key, root = folder / "chain.pem", folder / "key.pem", folder / "root.pem"
        chain.write_bytes(leaf.pem + authority.issuing.pem)
        key.write_bytes(leaf.key_pem)
        root.write_bytes(authority.root.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(chain, key)
        context.num_tickets = 0
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(root)
        self.chain = [leaf.der, authority.issuing.der]
        """What it sends, DER; with ``clients`` it adds the root."""
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.error = ""
        """Why the handshake failed, if it did."""

    def exchange(self, data: bytes) -> bytes:
        """Take bytes from the client; returns bytes for the client."""
        self._in.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = str(error)
        return self._out.read()

    def read(self) -> bytes:
        """All application data that has arrived."""
        data = b""
        with contextlib.suppress(ssl.SSLWantReadError):
            while part := self._tls.read(2**14):
                data += part
        return data

    def write(self, data: bytes) -> bytes:
        """Records with this application data."""
        self._tls.write(data)
        return self._out.read()

    def close(self) -> bytes:
        """The record with close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._out.read()

    @property
    def device(self) -> str:
        """The URI in the device's certificate; empty without one."""
        certificate = self._tls.getpeercert(binary_form=True)
        if certificate is None:
            return ""
        extensions = x509.load_der_x509_certificate(certificate).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
        return uri
