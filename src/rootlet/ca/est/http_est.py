"""EST over HTTP: cacerts, simpleenroll, simplereenroll (RFC 7030 section 4).

A device enrols with a one-time secret (HTTP Basic, its id and the secret), and again with the
certificate it has, over mutual TLS. Of a request only the key is used: the identity is that which
the device has shown.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rootlet.ca.authority import Authority
from rootlet.ca.est.enrolment_store import EnrolmentStore
from rootlet.ca.est.messages import REQUEST_BYTES, certificates_only, request_pem
from rootlet.ca.records import serial_text
from rootlet.errors import Environment, Refused, RootletError, State
from rootlet.pki import PublicKey, device_identity

__all__ = ["CLIENT_CERTIFICATE", "Est"]

PATH = "/.well-known/est"

CLIENT_CERTIFICATE = "rootlet.client_certificate"
"""In a request's scope: the DER certificate that the client showed in a checked TLS handshake."""

PKCS10 = "application/pkcs10"
PKCS7 = "application/pkcs7-mime; smime-type=certs-only"

RETRY_SECONDS = 60
"""When the CA cannot issue now: long enough not to be asked by every device all the time."""


class _Unauthorized(Exception):
    """Whoever asks has not shown who they are."""


class Est:
    """Serves EST for one issuing CA."""

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Authority]],
        enrolments: EnrolmentStore,
        *,
        revoked: Callable[[str], bool],
        refused: Callable[[str | None], None],
        now: Callable[[], datetime],
    ) -> None:
        self._opened = opened
        """Gives the authority as it is now: its issuing CA may be replaced while this serves."""
        self._enrolments = enrolments
        self._revoked = revoked
        """Whether the certificate with this serial (hexadecimal) was revoked."""
        self._refused = refused
        """Told the rule of every refusal."""
        self._now = now

    def routes(self) -> list[Route]:
        """For the service's Starlette application."""
        return [
            Route(f"{PATH}/cacerts", self._cacerts, methods=["GET"]),
            Route(f"{PATH}/simpleenroll", self._enroll, methods=["POST"]),
            Route(f"{PATH}/simplereenroll", self._reenroll, methods=["POST"]),
        ]

    async def _cacerts(self, request: Request) -> Response:
        def certificates() -> bytes:
            with self._opened() as authority:
                return certificates_only((authority.issuing, authority.root))

        return await self._answer(certificates)

    async def _enroll(self, request: Request) -> Response:
        return await self._issue(request, self._by_secret)

    async def _reenroll(self, request: Request) -> Response:
        return await self._issue(request, self._by_certificate)

    async def _issue(
        self, request: Request, identify: Callable[[Request, Authority, PublicKey], str]
    ) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PKCS10:
            return _plain(415, f"send a request of type {PKCS10}")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > REQUEST_BYTES:
                return _plain(413, f"a request has at most {REQUEST_BYTES} bytes")

        def certificate() -> bytes:
            with self._opened() as authority:
                key = authority.policy.request_key(request_pem(bytes(body)))
                device = identify(request, authority, key)
                issued = authority.issue_device(device, now=self._now(), public_key=key)
                authority.records.delivered(issued.record)
                return certificates_only((issued.certificate,))

        return await self._answer(certificate)

    def _by_secret(self, request: Request, authority: Authority, key: PublicKey) -> str:
        device, secret = _basic(request.headers.get("authorization", ""))
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._enrolments.claim(device, secret, spki, now=self._now())
        return device

    def _by_certificate(self, request: Request, authority: Authority, key: PublicKey) -> str:
        der = request.scope.get(CLIENT_CERTIFICATE)
        if der is None:
            raise _Unauthorized
        certificate = x509.load_der_x509_certificate(der)
        device = device_identity(certificate, authority.policy.urn_prefix)
        if self._revoked(serial_text(certificate.serial_number)):
            raise Refused(
                f"the certificate of {device} is revoked",
                hint="a revoked device enrols anew: rootlet ca enrol add ID",
                status="revoked",
            )
        return device

    async def _answer(self, make: Callable[[], bytes]) -> Response:
        try:
            content = await asyncio.to_thread(make)
        except _Unauthorized:
            return _plain(401, "show a certificate of this CA in the TLS handshake")
        except Refused as error:
            self._refused(error.status)
            status = (
                401 if error.status == "enrolment" else 403 if error.status == "revoked" else 400
            )
            return _plain(status, f"{error.status}: {error.message}")
        except (State, Environment) as error:
            return _plain(503, f"cannot issue now: {_short(error)}")
        headers = {"Content-Transfer-Encoding": "base64", "Cache-Control": "no-store"}
        return Response(content, headers=headers | {"Content-Type": PKCS7})


def _short(error: RootletError) -> str:
    """Without what only the CA's own people should read."""
    return "its record is out of reach" if isinstance(error, Environment) else error.message


def _plain(status: int, text: str) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="est", charset="UTF-8"'
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return PlainTextResponse(text + "\n", status, headers)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise _Unauthorized from None
        device, colon, secret = text.partition(":")
        if colon:
            return device, secret
    raise _Unauthorized
