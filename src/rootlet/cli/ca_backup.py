"""``rootlet ca backup`` and ``rootlet ca restore``: everything of the CA that is online."""

from __future__ import annotations

from pathlib import Path

import click

from rootlet.ca import RecordStore, make_backup, open_authority, restore_backup
from rootlet.cli.options import (
    FILE,
    Progress,
    json_option,
    maker_option,
    read_passphrase,
    show,
    utc_now,
    with_maker,
)
from rootlet.maker import load_maker
from rootlet.pki import parse_fingerprint

__all__ = ["backup", "restore"]

passphrase_option = click.option(
    "--passphrase-file",
    type=FILE,
    metavar="FILE",
    help="First line is the passphrase of the backup.  [default: ask]",
)


@click.command(
    name="backup",
    epilog="\b\nExample:\n  rootlet ca backup ca-monday --passphrase-file /etc/rootlet/backup.pass",
)
@click.argument("file", type=FILE)
@maker_option
@passphrase_option
@json_option
def backup(file: Path, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write record, issuing key and certificates to FILE, encrypted.

    The CA may go on issuing meanwhile: the backup is of one moment. The root's key is not in it.
    """
    maker = load_maker(folder)
    secret = read_passphrase(passphrase_file, new=True, what="the backup")
    progress = Progress(quiet=as_json)
    with open_authority(maker, verify=None) as authority:  # what cannot issue is no good backup
        assert isinstance(authority.records, RecordStore)  # as open_authority makes it
        made = make_backup(maker, authority.records, file, secret, progress=progress)
    text = f"""\
Saved to {file}: {made.certificates} certificates, {made.entries} entries of the audit log
  head  {made.head}

Next: keep the file away from this machine and its passphrase away from both; whoever has the two
can issue. To try it: rootlet ca restore {file} --maker ANOTHER-FOLDER"""
    show({**vars(made), "file": str(file)}, text, as_json=as_json)


@click.command(
    name="restore",
    epilog="\b\nExamples:\n  rootlet ca restore ca-monday --maker mine\n"
    "  rootlet ca restore ca-monday --maker mine --head "
    "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
)
@click.argument("file", type=FILE)
@maker_option
@passphrase_option
@click.option(
    "--head", metavar="HEX", help="A head noted from an audit: a backup older than it is refused."
)
@json_option
def restore(
    file: Path, folder: Path, passphrase_file: Path | None, head: str | None, as_json: bool
) -> None:
    """Make the CA that was saved in FILE, in a folder that has none.

    Where the folder has a rootlet.toml, that is kept, and the record goes where its [ca] database
    says: SQLite or PostgreSQL, whichever it was before.
    """
    noted = None if head is None else parse_fingerprint(head)
    secret = read_passphrase(passphrase_file, new=False, what="the backup")
    progress = Progress(quiet=as_json)
    made = restore_backup(folder, file, secret, now=utc_now(), head=noted, progress=progress)
    text = f"""\
Restored as of {made.made_at}: {made.certificates} certificates, {made.entries} entries, all as
they were written

What was issued after {made.made_at} is not in this record: it stays valid until it expires, and is
not listed here. Nothing can collide with it, for serials are random.

Next: stop whatever still issues from the record before, then
  {with_maker("rootlet ca audit verify", folder)}"""
    show(vars(made), text, as_json=as_json)
