"""``rootlet check``: the device's verdict on a chain or on a stored Roughtime exchange."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootlet.cli.options import FILE
from rootlet.device import Anchor, Host, check_chain, check_time
from rootlet.errors import Misuse, Refused
from rootlet.files import read_bytes
from rootlet.profile import PROFILE_NAMES, load_profile

__all__ = [
    "CHAIN_ADVICE",
    "DEVICE_PROFILE",
    "command",
    "moment",
    "read_anchor",
    "read_chain",
    "reference",
]

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
DEVICE_PROFILE = "c25519"
"""The profile that the device library inside this program is built for."""

CHAIN_ADVICE = {
    "OK": "see what a device makes of the running server: rootlet probe --help",
    "ERR_X509_EXPIRED": "renew the server's certificate: rootlet ca renew NAME",
    "ERR_X509_NOT_YET_VALID": "check the time, the device's and the issuing CA's",
    "ERR_X509_NAME": "issue a certificate for this name: rootlet ca issue server --help",
    "ERR_X509_UNKNOWN_ISSUER": "give the root that issued this server's certificate",
}
"""What to do about the device's verdict on a chain."""
NEW_CHAIN = "issue a certificate that follows the profile: rootlet ca issue server --help"


def read_chain(path: Path) -> list[bytes]:
    """The DER certificates of a PEM file, or of a file that is one DER certificate.

    They are not parsed here: the verdict on malformed ones is the device library's.
    """
    content = read_bytes(path, what="the chain")
    if b"-----BEGIN" not in content:
        return [content]
    try:
        chain = [
            base64.b64decode(b"".join(body.split()), validate=True) for body in PEM.findall(content)
        ]
    except binascii.Error as error:
        raise Misuse(
            f"{path} holds a certificate that is not base64", hint="export the chain as PEM again"
        ) from error
    if not chain:
        raise Misuse(
            f"{path} holds no certificate", hint="give a file with BEGIN CERTIFICATE in it"
        )
    return chain


def read_anchor(path: Path) -> Anchor:
    """The name and key of the one root certificate in a PEM or DER file."""
    chain = read_chain(path)
    if len(chain) != 1:
        raise Misuse(
            f"{path} holds {len(chain)} certificates", hint="a device trusts one root: give just it"
        )
    try:
        root = x509.load_der_x509_certificate(chain[0])
        key = root.public_key()
        name = root.subject.public_bytes()
    except ValueError as error:
        raise Misuse(f"{path} is not a certificate", hint="give the root's PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Misuse(
            f"the root's key in {path} is not Ed25519",
            hint=f"the profile {DEVICE_PROFILE} has Ed25519 certificates only",
        )
    return Anchor(name, key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def moment(text: str) -> int:
    """Seconds since 1970 for "now", a number, or an ISO 8601 time (UTC by default)."""
    if text == "now":
        return int(time.time())
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(
            f"{text!r} is not a time", hint="write 2026-11-24T12:00:00Z, seconds since 1970, or now"
        ) from error
    return int(when.replace(tzinfo=when.tzinfo or UTC).timestamp())


def reference(name: str) -> Host:
    """The host as the device would be configured with it: an IP address or a DNS name."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return name


def _print(verdict: dict[str, Any], next_step: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(verdict))
        return
    word = "accepted" if verdict["accepted"] else f"refused: {verdict['status']}"
    click.echo(f"{word}\n  {verdict['text']}")
    if verdict.get("fits_default_buffer") is False:
        size = verdict["message_bytes"]
        click.echo(f"  note: the chain takes {size} bytes; give the device a larger buffer")
    click.echo(f"\nNext: {next_step}")


@click.group()
def command() -> None:
    """The device's own verdict: its C code, run here."""


@command.command("chain")
@click.option("--root", required=True, type=FILE, help="The one root certificate, PEM or DER.")
@click.option("--chain", "chain_file", required=True, type=FILE, help="What the server sends.")
@click.option("--name", required=True, help="Host name or IP address the device asks for.")
@click.option("--at", "at", required=True, help="Time: ISO 8601, seconds since 1970, or now.")
@click.option("--radius", default=0, type=click.IntRange(0), help="Uncertainty of it, seconds.")
@click.option("--profile", default=DEVICE_PROFILE, type=click.Choice(PROFILE_NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def chain_command(
    root: Path, chain_file: Path, name: str, at: str, radius: int, profile: str, as_json: bool
) -> int:
    """Would a device with this root accept this chain?

    Exit code 0: accepted. 1: refused, with the status' name. 2: misuse.

    \b
    Example:
      rootlet check chain --root root/root.pem --chain issued/servers/api/cert.pem \\
          --name api.example.test --at now
    """
    if profile != DEVICE_PROFILE:
        raise Misuse(
            f"the device library here is built for {DEVICE_PROFILE}, not {profile}",
            hint=f"leave --profile out, or give --profile {DEVICE_PROFILE}",
        )
    chain, anchor, when = read_chain(chain_file), read_anchor(root), moment(at)
    message = 8 + sum(len(der) + 5 for der in chain)  # RFC 9846 section 4.5.1, with its header
    verdict: dict[str, Any] = {
        "accepted": True,
        "status": "OK",
        "text": "a device with this root, name and time goes on",
        "name": name,
        "at": when,
        "profile": profile,
        "certificate_bytes": [len(der) for der in chain],
        "message_bytes": message,
        "fits_default_buffer": message <= load_profile(profile).chain.message_bytes,
    }
    try:
        key = check_chain(
            chain,
            anchors=[anchor],
            host=reference(name),
            earliest=max(0, when - radius),
            latest=when + radius,
        )
        verdict["public_key"] = key.hex()
    except Refused as refused:
        verdict |= {"accepted": False, "status": refused.status, "text": refused.message}
    _print(verdict, CHAIN_ADVICE.get(verdict["status"], NEW_CHAIN), as_json=as_json)
    return 0 if verdict["accepted"] else Refused.exit_code


@command.command("time")
@click.option("--key", required=True, help="The server's long-term key, base64.")
@click.option("--request", "request_file", required=True, type=FILE, help="Whole packet.")
@click.option("--response", "response_file", required=True, type=FILE, help="Whole packet.")
@click.option("--appendix-b", is_flag=True, help="Version 1 signed as RFC 10049's examples are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def time_command(
    key: str, request_file: Path, response_file: Path, appendix_b: bool, as_json: bool
) -> int:
    """Would a device believe this Roughtime reply?

    Exit code 0: accepted. 1: refused, with the status' name. 2: misuse.

    \b
    Example:
      rootlet time query 127.0.0.1:5319 --key KEY --save exchange
      rootlet check time --key KEY --request exchange/request.bin \\
          --response exchange/response.bin
    """
    try:
        public_key = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise Misuse("--key is not base64", hint="give the server's key as it is listed") from error
    request = read_bytes(request_file, what="the request")
    response = read_bytes(response_file, what="the response")
    next_step = "ask several servers, chained: rootlet time measure --help"
    verdict: dict[str, Any] = {"accepted": True, "status": "OK"}
    try:
        sample = check_time(request, response, public_key, appendix_b=appendix_b)
        midpoint = datetime.fromtimestamp(min(sample.midpoint, 253402300799), UTC)
        verdict |= {
            "text": f"{midpoint:%Y-%m-%dT%H:%M:%SZ}, give or take {sample.radius} s",
            "midpoint": sample.midpoint,
            "radius": sample.radius,
            "version": sample.version,
        }
    except Refused as refused:
        verdict |= {"accepted": False, "status": refused.status, "text": refused.message}
        next_step = refused.hint
    _print(verdict, next_step, as_json=as_json)
    return 0 if verdict["accepted"] else Refused.exit_code
