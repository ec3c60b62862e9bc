"""``rootlet ca root`` and ``rootlet ca ceremony``: the root's successor, and what was signed."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca import (
    Issuers,
    prepare_successor,
    promote_successor,
    read_ceremony,
    root_crl,
    root_path,
    successor_path,
)
from rootlet.cli.bundles import bundle_check
from rootlet.cli.ca_ceremony import reload_hint
from rootlet.cli.ceremony_room import Room, in_ceremony, root_dir_option, token_option
from rootlet.cli.options import (
    FILE,
    dry_run_option,
    json_option,
    maker_option,
    show,
    with_maker,
)
from rootlet.errors import Misuse, State
from rootlet.files import read_bytes
from rootlet.pki import certificates_from_pem, fingerprint

__all__ = ["ceremony_group", "root_group"]


@click.group(name="root")
def root_group() -> None:
    """The root, which is kept apart, and its successor."""


@root_group.command(
    name="prepare",
    epilog="\b\nExample:\n  rootlet ca root prepare --root-dir /media/key/root",
)
@root_dir_option
@token_option
@in_ceremony
def prepare(room: Room, root_dir: Path | None, token: str | None) -> None:
    """Make a successor for a root that has none; needs the root's key.

    rootlet ca init makes both in one sitting: this is for makers of an earlier version.
    """
    maker, folder = room.maker, room.folder
    held = prepare_successor(maker, room.conditions(maker, root_dir=root_dir, token=token))
    text = f"""\
Next:
  1. Copy the folder of the roots to where it is kept
  2. Put both roots into devices: {with_maker("rootlet bundle --out DIR", folder)}"""
    room.say(held, text)


@root_group.command(
    name="successor",
    epilog="\b\nExamples:\n  rootlet ca root successor --root-dir /media/key/root --dry-run\n"
    "  rootlet ca root successor --root-dir /media/key/root --manifest v1/rootlet_bundle.json",
)
@root_dir_option
@token_option
@click.option(
    "--manifest",
    "manifests",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Of a bundle in the field, besides those in bundles/ of the maker's folder; repeatable.",
)
@click.option(
    "--despite-bundles",
    is_flag=True,
    help="Whatever devices know: those that do not know the successor will connect no more.",
)
@dry_run_option
@in_ceremony
def successor(
    room: Room,
    root_dir: Path | None,
    token: str | None,
    manifests: tuple[Path, ...],
    despite_bundles: bool,
    dry_run: bool,
) -> None:
    """Make the successor the root, with a new issuing CA below it; needs the successor's key.

    Refused while bundles in the field do not carry the successor. The root before is not needed,
    and what was issued below it stays valid. A successor of the new root is made too.
    """
    maker, folder = room.maker, room.folder
    check = bundle_check(folder, maker.profile, more=manifests, despite=despite_bundles)
    if dry_run:
        issuers = Issuers(maker)
        issuers.require()
        known = issuers.successor()
        if known is None:
            raise State(
                "this maker has no successor of its root", hint="make one: rootlet ca root prepare"
            )
        check(known)
        subject = known.subject.rfc4514_string()
        text = f"Would make {subject} the root, with an issuing CA and a successor of its own"
        show({"root": subject, "dry_run": True}, text, as_json=room.as_json)
        return
    conditions = room.conditions(maker, root_dir=root_dir, token=token)
    held = promote_successor(maker, conditions, bundled=check)
    text = f"""\
Next:
  1. Copy the folder of the roots to where it is kept
  2. Give servers the new {reload_hint(folder)}
  3. Renew the server certificates: {with_maker("rootlet ca renew NAME", folder)}
  4. Build new firmware with the next successor: {with_maker("rootlet bundle --out DIR", folder)}"""
    room.say(held, text)


@root_group.command(
    name="crl", epilog="\b\nExample:\n  rootlet ca root crl --root-dir /media/key/root"
)
@root_dir_option
@in_ceremony
def crl(room: Room, root_dir: Path | None) -> None:
    """Sign the root's list of revoked issuing CAs; needs the root's key.

    Every ceremony does. This is for makers that began with an earlier version, and after an issuing
    CA was revoked.
    """
    maker, folder = room.maker, room.folder
    held = root_crl(maker, room.conditions(maker, root_dir=root_dir))
    room.say(held, f"Next: make the lists for servers: {with_maker('rootlet ca crl', folder)}")


@click.group(name="ceremony")
def ceremony_group() -> None:
    """The signed records of what was done with the root's key."""


@ceremony_group.command(
    name="verify",
    epilog="\b\nExamples:\n  rootlet ca ceremony verify ca/ceremonies/0001-init.json\n"
    "  rootlet ca ceremony verify 0001-init.json --root root.pem",
)
@click.argument("file", type=FILE)
@click.option(
    "--root",
    "root_files",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="A root to trust, PEM; repeatable.  [default: the maker's, present and past]",
)
@maker_option
@json_option
def verify(file: Path, root_files: tuple[Path, ...], folder: Path, as_json: bool) -> None:
    """Check the signatures of a ceremony's record, and say what it says."""
    content = read_bytes(file, what="the ceremony's record")
    files = root_files or tuple(_roots(folder))
    if not files:
        raise Misuse(
            f"there is no root to trust in {folder}",
            hint="name one with --root FILE, or the maker's folder with --maker DIR",
        )
    trusted = [
        fingerprint(certificate.public_bytes(Encoding.DER))
        for path in files
        for certificate in certificates_from_pem(
            read_bytes(path, what="the root's certificate"), what=str(path)
        )
    ]
    fields = read_ceremony(content, trusted)
    lines = [
        f"{fields['what']} of {fields['maker']}, {fields['at']}",
        f"  by {fields['who']} on {fields['host']} with {fields['tool']}",
        *(f"  seen by {witness}" for witness in fields["witnesses"]),
        *(f"  {number}. {step}" for number, step in enumerate(fields["steps"], 1)),
    ]
    for each in fields["certificates"]:
        lines += [
            "",
            f"{each['part'].capitalize():10} {each['subject']}, until {each['not_after']}",
        ]
        lines += [f"{'':10} SHA-256 {each['sha256']}", f"{'':10} in words: {each['words']}"]
    before = fields["previous"] or "none, it is the first"
    lines += ["", f"SHA-256 of the record before: {before}"]
    lines += ["Next: compare the words with those that were noted at the ceremony"]
    show({"verified": True, **fields}, "\n".join(lines), as_json=as_json)


def _roots(folder: Path) -> list[Path]:
    places = [root_path(folder), successor_path(folder)]
    places += sorted((folder / "ca" / "old").glob("*/root.pem"))
    return [path for path in places if path.exists()]
