"""The client's certificate for the application: uvicorn ends TLS, and does not pass it on."""

from __future__ import annotations

import asyncio
import ssl

from starlette.types import ASGIApp, Receive, Scope, Send

from rootlet.ca.est.http_est import CLIENT_CERTIFICATE
from rootlet.ca.http_patience import PatientProtocol

__all__ = ["PeerProtocol"]


class PeerProtocol(PatientProtocol):
    """HTTP/1.1 whose requests carry the certificate of their connection's TLS handshake.

    OpenSSL has checked the chain and the dates of one that is there: with ``ssl.CERT_OPTIONAL`` a
    handshake with a bad one ends. The scope has None where the client showed none.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the certificate before the first request is read."""
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert(binary_form=True)
        self.app = _with_certificate(self.app, certificate)


def _with_certificate(app: ASGIApp, certificate: bytes | None) -> ASGIApp:
    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CLIENT_CERTIFICATE: certificate}, receive, send)

    return told
