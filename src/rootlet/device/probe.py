"""What a device makes of a server: one connection, watched. Sans-IO."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from rootlet.device.status import status_name, status_text
from rootlet.device.tls import TlsClient
from rootlet.device.transcript import records, server_chain

__all__ = ["CertificateSeen", "Probe", "Report"]

PRIVATE_KEY = slice(32, 64)
"""Where the key share's private key lies in the random bytes of a connection (tls.h)."""

UNREADABLE = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What pyca/cryptography says of a certificate that it cannot show."""


@dataclass(frozen=True)
class CertificateSeen:
    """One certificate of the chain the server sent; of an unreadable one only the size."""

    size: int
    """Bytes of DER."""
    subject: str = ""
    names: tuple[str, ...] = ()
    """DNS names, IP addresses and URIs of the subjectAltName."""
    serial: str = ""
    """Hexadecimal."""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True)
class Report:
    """The outcome of a probe."""

    accepted: bool
    """The handshake was completed by the device's rules."""
    status: str
    """Name of the status: "OK", or why the device refused."""
    text: str
    alert_received: int | None
    """Alert number the server closed with, if it did."""
    chain: tuple[CertificateSeen, ...]
    records_received: tuple[int, ...]
    """Size of each record from the server, bytes with header."""
    bytes_sent: int
    bytes_received: int
    round_trips: int
    """How often the device waited for the server before it could have sent a request."""
    ticks: tuple[float, ...] = field(default=(), compare=False)
    """Seconds from the start to each arrival of bytes."""


class Probe:
    """Watches one :class:`TlsClient` while someone else moves its bytes."""

    def __init__(self, client: TlsClient) -> None:
        self.client = client
        """The connection that is watched."""
        self._sent = b""
        self._received = b""
        self._round_trips = 0
        self._waiting = self._closing = False
        self._ticks: list[float] = []

    def to_send(self) -> bytes:
        """Bytes for the network."""
        return self._counted(self.client.to_send())

    def _counted(self, data: bytes) -> bytes:
        self._sent += data
        self._waiting = self._waiting or bool(data)
        return data

    def receive(self, data: bytes, *, at: float) -> bytes:
        """Give bytes from the network; returns what has to be sent in reply.

        ``at`` is the time since the start, seconds. Application data is read and dropped.
        """
        self._ticks.append(at)
        self._round_trips += self._waiting and not self.client.connected
        self._waiting = False
        self._received += data
        reply = b""
        progress = True
        while progress and data:
            taken = self.client.receive(data)
            data = data[taken:]
            out, application = self.to_send(), self.client.read()
            reply += out
            progress = bool(taken or out or application)
        return reply

    def close(self) -> bytes:
        """Say close_notify; returns the record for the network."""
        self._closing = True
        return self._counted(self.client.close())

    def _accepted(self, name: str) -> bool:
        # A server may answer our close_notify by closing the connection without one of its own.
        fine = name == "OK" or (self._closing and name == "ERR_TLS_TRUNCATED")
        return self.client.connected and fine

    def report(self) -> Report:
        """What was seen so far."""
        status = self.client.status
        name = status_name(status)
        accepted = self._accepted(name)
        return Report(
            accepted=accepted,
            status="OK" if accepted else name,
            text="a device goes on with this server" if accepted else status_text(status),
            alert_received=(
                self.client.alert_received if name == "ERR_TLS_ALERT_RECEIVED" else None
            ),
            chain=tuple(_seen(der) for der in self._chain()),
            records_received=tuple(len(whole) for _, whole in records(self._received)),
            bytes_sent=len(self._sent),
            bytes_received=len(self._received),
            round_trips=self._round_trips,
            ticks=tuple(self._ticks),
        )

    def _chain(self) -> list[bytes]:
        return server_chain(self._sent, self._received, self.client.random[PRIVATE_KEY])


def _seen(der: bytes) -> CertificateSeen:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return CertificateSeen(
            size=len(der),
            subject=certificate.subject.rfc4514_string(),
            names=_names(certificate),
            serial=f"{certificate.serial_number:x}",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
    except UNREADABLE:
        return CertificateSeen(size=len(der))


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in san)
