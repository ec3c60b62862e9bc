"""``rootlet probe``: what a device would make of a server, by its own C code."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import time
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rootlet.cli.check import (
    CHAIN_ADVICE,
    DEVICE_PROFILE,
    moment,
    read_anchor,
    read_chain,
    reference,
)
from rootlet.cli.options import FILE, timeout_option
from rootlet.device import FULL_RECORD_BYTES, RECORD_BYTES, Identity, TlsClient
from rootlet.device.probe import CertificateSeen, Probe, Report
from rootlet.errors import Environment, Misuse, Refused
from rootlet.files import read_bytes
from rootlet.profile import load_profile

__all__ = ["address", "command", "read_identity", "run_probe"]

RECEIVE_BYTES = 4096
"""How much is taken from the socket at once; any number works."""


def address(text: str) -> tuple[str, int]:
    """Host and port of "host:port" or "[v6]:port"."""
    host, colon, port = text.rpartition(":")
    bare, is_number = host.strip("[]"), port.isascii() and port.isdecimal()
    if not colon or not bare or not is_number or int(port) > 65535:
        raise Misuse(f"{text!r} is not HOST:PORT", hint="write it like api.example.test:443")
    return bare, int(port)


def read_identity(certificate: Path, key: Path) -> Identity:
    """A device's certificate and key from their PEM files."""
    try:
        private_key = load_pem_private_key(read_bytes(key, what="the device's key"), None)
    except (ValueError, TypeError) as error:
        raise Misuse(f"{key} is not a plain PEM key", hint="give the device's key.pem") from error
    if not isinstance(private_key, Ed25519PrivateKey):
        raise Misuse(f"the key in {key} is not Ed25519", hint="issue it with the profile c25519")
    chain = read_chain(certificate)
    if _owner(chain[0]) != private_key.public_key():
        raise Misuse(
            f"{certificate} is not the certificate of {key}",
            hint="give cert.pem and key.pem of one device, from issued/devices/ID",
        )
    raw = private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return Identity(tuple(chain), raw)


def _owner(der: bytes) -> object:
    try:
        return x509.load_der_x509_certificate(der).public_key()
    except ValueError:
        return None


def run_probe(client: TlsClient, where: tuple[str, int], *, timeout: float) -> Report:
    """Connect, complete or fail the handshake, and close.

    The connection is read to its end, because in TLS 1.3 a server's opinion of the device's
    certificate arrives after the handshake.
    """
    try:
        connection = socket.create_connection(where, timeout)
    except (OSError, UnicodeError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else "not a host name"
        raise Environment(
            f"cannot talk to {where[0]}:{where[1]}: {reason}",
            hint="check address and port, and that the server runs",
        ) from error
    probe = Probe(client)
    with connection:
        try:
            _pump(probe, connection, timeout)
        except TimeoutError as error:
            if not client.connected:
                raise Environment(
                    f"{where[0]}:{where[1]} did not answer within {timeout:g} s",
                    hint="check that the server runs, or give --timeout",
                ) from error
    return probe.report()


def _pump(probe: Probe, connection: socket.socket, timeout: float) -> None:
    client, started, closing = probe.client, time.monotonic(), False
    _send(connection, probe.to_send())
    while not client.closed:
        data = _receive(connection, started + timeout)
        if not data:
            client.receive_end()
            break
        _send(connection, probe.receive(data, at=time.monotonic() - started))
        if client.writable and not closing:
            closing = True
            _send(connection, probe.close())


def _send(connection: socket.socket, data: bytes) -> None:
    # A server that has gone may have said why: that is still to be read.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(data)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    try:
        return connection.recv(RECEIVE_BYTES)
    except ConnectionResetError:
        return b""  # an end like any other


def _printable(text: str) -> str:
    # A name in a certificate is the server's choice: it must not steer the terminal.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _certificate(number: int, seen: CertificateSeen) -> list[tuple[str, str]]:
    label = f"certificate {number}"
    if seen.not_before is None or seen.not_after is None:
        return [(label, f"not readable ({seen.size} bytes)")]
    names = ", ".join(seen.names)
    return [
        (label, f"{seen.subject or names} ({seen.size} bytes)"),
        ("  names", names or "none"),
        ("  valid", f"{seen.not_before:%Y-%m-%d %H:%M} to {seen.not_after:%Y-%m-%d %H:%M} UTC"),
        ("  serial", seen.serial),
    ]


def _table(report: Report) -> list[tuple[str, str]]:
    tls = load_profile(DEVICE_PROFILE).tls
    rows = [
        ("profile", f"{tls.suite}, {tls.group}, {tls.signature_scheme}"),
        ("round trips", str(report.round_trips)),
        ("bytes", f"{report.bytes_sent} sent, {report.bytes_received} received"),
        ("records", " ".join(map(str, report.records_received)) or "none"),
    ]
    if report.ticks:
        rows.append(("time", f"{report.ticks[-1] * 1000:.1f} ms"))
    if report.alert_received is not None:
        name, _ = ALERTS.get(report.alert_received, ("unknown", ""))
        rows.append(("alert received", f"{report.alert_received} {name}"))
    for number, seen in enumerate(report.chain, 1):
        rows += _certificate(number, seen)
    return rows


def _advice(report: Report) -> str:
    if report.alert_received in ALERTS:
        return ALERTS[report.alert_received][1]
    return ADVICE.get(report.status, "rootlet check chain --help")


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        fields = dataclasses.asdict(report)
        click.echo(json.dumps(fields, default=lambda when: when.isoformat()))
        return
    click.echo("accepted" if report.accepted else f"refused: {report.status}")
    click.echo(f"  {report.text}")
    for label, value in _table(report):
        click.echo(f"  {label:<16}{_printable(value)}")
    click.echo(f"\nNext: {_advice(report)}")


ADVICE = {
    **CHAIN_ADVICE,
    "OK": "put the root into a device: rootlet bundle --help",
    "ERR_TLS_RECORD_LIMIT_IGNORED": "see whether it works with --full-records",
    "ERR_TLS_RECORD_OVERFLOW": "see whether it works with --full-records",
}

NOT_OF_THE_PROFILE = "configure the server for the profile: rootlet server config --help"
NOT_THE_DEVICE = "give --cert and --key of a device that this server's maker issued"

ALERTS = {
    40: ("handshake_failure", NOT_OF_THE_PROFILE),
    42: ("bad_certificate", NOT_THE_DEVICE),
    48: ("unknown_ca", NOT_THE_DEVICE),
    49: ("access_denied", NOT_THE_DEVICE),
    70: ("protocol_version", NOT_OF_THE_PROFILE),
    112: ("unrecognized_name", "give --name as the server knows itself"),
    116: ("certificate_required", NOT_THE_DEVICE),
    120: ("no_application_protocol", "give --alpn as the server has it"),
}
"""The alerts of RFC 9846 section 6 that a server has for a device: name, and what to do."""


@click.command()
@click.argument("where", metavar="HOST:PORT")
@click.option("--root", required=True, type=FILE, help="The one root certificate, PEM or DER.")
@click.option("--name", help="Name the device asks for, if it is not HOST.")
@click.option("--at", "at", default="now", help="The device's time: ISO 8601, seconds, or now.")
@click.option("--cert", type=FILE, help="The device's certificate, PEM.")
@click.option("--key", type=FILE, help="The device's key, PEM.")
@click.option("--alpn", help="Application protocol to offer.")
@click.option("--full-records", is_flag=True, help="Take records of 16 KiB; ask for no limit.")
@timeout_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    where: str,
    root: Path,
    name: str | None,
    at: str,
    cert: Path | None,
    key: Path | None,
    alpn: str | None,
    full_records: bool,
    timeout: float,
    as_json: bool,
) -> int:
    """Say what a device would make of a server: accepted, or refused and why.

    Exit code 0: accepted. 1: refused. 4: no answer.

    \b
    Example:
      rootlet probe api.example.test:443 --root root/root.pem
      rootlet probe 127.0.0.1:8443 --root root/root.pem --name api.example.test \\
          --cert issued/devices/sensor-1/cert.pem --key issued/devices/sensor-1/key.pem
    """
    if (cert is None) != (key is None):
        raise Misuse("--cert and --key go together", hint="give both, or neither")
    target, when = address(where), moment(at)
    client = TlsClient(
        anchors=[read_anchor(root)],
        host=reference(name or target[0]),
        earliest=when,
        latest=when,
        identity=read_identity(cert, key) if cert and key else None,
        alpn=os.fsencode(alpn) if alpn else None,
        in_bytes=FULL_RECORD_BYTES if full_records else RECORD_BYTES,
        tolerate_no_limit=full_records,
    )
    report = run_probe(client, target, timeout=timeout)
    _print(report, as_json=as_json)
    return 0 if report.accepted else Refused.exit_code
