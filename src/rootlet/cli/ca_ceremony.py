"""``rootlet ca init`` and ``rootlet ca issuing``."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509

from rootlet.ca import (
    Issuer,
    Issuers,
    Status,
    clients_path,
    crl_path,
    hold_init,
    hold_renewal,
    open_records,
    policy_of,
    rotate_issuing,
)
from rootlet.cli.ceremony_room import Room, in_ceremony, root_dir_option, token_option
from rootlet.cli.options import date_text, dry_run_option, show, with_maker
from rootlet.maker import Maker
from rootlet.pki import Kind

__all__ = ["init", "issuing_group", "reload_hint"]


@click.command(
    name="init",
    epilog="\b\nExamples:\n  rootlet ca init\n"
    "  rootlet ca init --maker mine --passphrase-file /media/key/passphrase\n"
    "  rootlet ca init --token rootlet --token-module /usr/lib/softhsm/libsofthsm2.so",
)
@in_ceremony
@token_option
@dry_run_option
def init(room: Room, token: str | None, dry_run: bool) -> None:
    """Make the root, its successor, each with an encrypted key, and the issuing CA below the root.

    The keys are files in root/, encrypted with a passphrase, or stay in a token.
    """
    maker, folder = room.maker, room.folder
    if dry_run:
        policy_of(maker)
        text = f"Would make a root, its successor and an issuing CA for {maker.name} in {folder}"
        fields = {"name": maker.name, "profile": maker.profile.name}
        show(fields, text, as_json=room.as_json)
        return
    made, held = hold_init(maker, room.conditions(maker, token=token, new=True))
    root, successor, issuing = made.records
    fields = {
        "root_sha256": root.sha256,
        "root_not_after": date_text(root.not_after),
        "successor_sha256": successor.sha256,
        "issuing_sha256": issuing.sha256,
        "issuing_not_after": date_text(issuing.not_after),
        "clients": str(clients_path(folder)),
    }
    secret = "its passphrase" if token is None else f"the token {token} with its PIN"
    text = f"""\
Next:
  1. Copy {folder / "root"} to two places that are not online, then remove it here. It and
     {secret} are needed again only for: rootlet ca issuing, rootlet ca root
  2. Let a second person note the root's fingerprint, in words or as the SHA-256 for:
     rootlet bundle --expect-sha256
  3. Issue a server certificate: {with_maker("rootlet ca issue server NAME", folder)}
Servers check device certificates with {clients_path(folder)}"""
    room.say(held, text, fields)


@click.group(name="issuing")
def issuing_group() -> None:
    """The issuing CA, which stays online."""


def reload_hint(folder: Path) -> str:
    """Which files servers have to be given after a change of the issuing CAs."""
    crl = crl_path(folder)
    return f"{clients_path(folder)} and {crl}" if crl.exists() else str(clients_path(folder))


@issuing_group.command(
    name="renew",
    epilog="\b\nExamples:\n  rootlet ca issuing renew --root-dir /media/key/root\n"
    "  rootlet ca issuing renew --number 1 --root-dir /media/key/root",
)
@root_dir_option
@click.option(
    "--number",
    type=click.IntRange(min=1),
    metavar="N",
    help="One that another took the place of, so that devices can go on with its certificates.",
)
@in_ceremony
def renew_issuing(room: Room, root_dir: Path | None, number: int | None) -> None:
    """Give the issuing CA a new certificate for the same key; needs the root's key.

    Everything it issued before stays valid.
    """
    maker, folder = room.maker, room.folder
    held = hold_renewal(maker, room.conditions(maker, root_dir=root_dir), number=number)
    text = f"""\
Next: renew the server certificates ({with_maker("rootlet ca renew NAME", folder)}),
and give servers the new {reload_hint(folder)}"""
    room.say(held, text, {"sha256": held.issuances[0].sha256})


@issuing_group.command(
    name="rotate",
    epilog="\b\nExamples:\n  rootlet ca issuing rotate --root-dir /media/key/root --dry-run\n"
    "  rootlet ca issuing rotate --root-dir /media/key/root",
)
@root_dir_option
@dry_run_option
@in_ceremony
def rotate(room: Room, root_dir: Path | None, dry_run: bool) -> None:
    """Make a new issuing CA with a key and a name of its own; needs the root's key.

    New certificates come from it. The one before, and certificates from it, stay valid until it
    ends; devices notice nothing.
    """
    maker = room.maker
    issuers = Issuers(maker)
    issuers.require()
    before = issuers.present()
    if dry_run:
        left = _devices_left(maker, before)
        text = f"Would make another issuing CA after number {before.number}; {left}"
        show({"present": before.number, "dry_run": True}, text, as_json=room.as_json)
        return
    held = rotate_issuing(maker, room.conditions(maker, root_dir=root_dir))
    room.say(held, _after(maker, before), {"before": before.number})


def _after(maker: Maker, before: Issuer) -> str:
    folder = maker.folder
    ends = date_text(before.issuing.not_valid_after_utc)
    return f"""\
Number {before.number} stays valid until {ends}, with what it issued.

Next:
  1. Give servers the new {reload_hint(folder)} before devices come with certificates of
     the new one
  2. Renew the server certificates, when it suits: {with_maker("rootlet ca renew NAME", folder)}
  3. Until number {before.number} ends: {_devices_left(maker, before)}"""


def _devices_left(maker: Maker, before: Issuer) -> str:
    """How many devices will be without a valid path when an issuing CA has ended."""
    ends, count = before.issuing.not_valid_after_utc, 0
    with open_records(maker) as records:
        for record in records.all():
            if record.kind is Kind.DEVICE and record.status is not Status.REPLACED:
                issuer = x509.load_der_x509_certificate(record.der).issuer
                count += issuer == before.issuing.subject and record.not_after > ends
    if not count:
        return "no device certificate from it outlives it"
    return (
        f"renew {count} device certificates from it that would outlive it, or let it live on with "
        f"rootlet ca issuing renew --number {before.number}"
    )
