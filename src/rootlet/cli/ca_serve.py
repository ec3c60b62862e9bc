"""``rootlet ca serve``: the CA's services over HTTPS."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rootlet.ca import RecordStore, open_authority, root_path
from rootlet.ca.log import EventLog
from rootlet.cli.ca_issue import verifier_for
from rootlet.cli.clock import offline_option, time_source
from rootlet.cli.options import FILE, json_option, maker_option
from rootlet.errors import Misuse, Secret
from rootlet.files import read_bytes
from rootlet.maker import load_maker

if TYPE_CHECKING:
    from rootlet.ca.serve import Listen

__all__ = ["serve_command"]

SHORTEST_PASSWORD = 12
"""Anyone on the network may try."""


def _name(listen: Listen, name: str | None, *, plain: bool) -> str:
    if name is None and listen.anywhere:
        raise Misuse(
            "a service on every address needs a name for its certificate and its clients",
            hint="give --name NAME, one of [servers] names",
        )
    if plain and not listen.loopback:
        raise Misuse(
            "plain HTTP is for loopback addresses only",
            hint="leave --plain-http out, or give --listen 127.0.0.1:PORT",
        )
    return name or listen.host


def _password(file: Path) -> bytes:
    password = read_bytes(file, what="the password file").split(b"\n", 1)[0].rstrip(b"\r")
    if len(password) < SHORTEST_PASSWORD:
        raise Secret(
            f"the status page's password has fewer than {SHORTEST_PASSWORD} characters",
            hint="make one that nobody guesses: openssl rand -base64 18",
        )
    return password


@click.command(
    name="serve",
    epilog="\b\nExamples:\n  rootlet ca serve --listen 0.0.0.0:8443 --name ca.example.test\n"
    "  rootlet ca serve --listen 127.0.0.1:8443 --plain-http\n"
    "\b\nClients are given https://NAME:PORT/acme/directory and ca/root.pem as what they trust.\n"
    "kill (TERM) lets requests under way end first.",
)
@maker_option
@click.option("--listen", required=True, metavar="HOST:PORT", help="Address and port to listen on.")
@click.option(
    "--name",
    metavar="NAME",
    help="Its own name, one of [servers] names.  [default: the address it listens on]",
)
@click.option(
    "--url",
    metavar="URL",
    help="What clients call it by, where that is not https://NAME:PORT.",
)
@click.option("--plain-http", "plain", is_flag=True, help="Without TLS; on loopback only.")
@click.option(
    "--status-password-file",
    "password_file",
    type=FILE,
    metavar="FILE",
    help="First line lets user 'status' see /status and /metrics from elsewhere, too.",
)
@offline_option
@json_option
def serve_command(
    folder: Path,
    listen: str,
    name: str | None,
    url: str | None,
    plain: bool,
    password_file: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Serve ACME, EST, status page and metrics, by a certificate of the CA's own."""
    # Imported here since it takes longer to load than most commands take.
    from rootlet.ca.serve import parse_listen, serve

    maker = load_maker(folder)
    where = parse_listen(listen)
    chosen = _name(where, name, plain=plain)
    password = None if password_file is None else _password(password_file)

    def ready(base: str, port: int) -> None:
        directory = f"{base}/acme/directory"
        root = root_path(folder)
        fields = {"url": base, "port": port, "directory": directory, "root": str(root)}
        text = f"Serving at {base}\n\nNext: give clients {directory} and {root} to trust"
        click.echo(json.dumps(fields) if as_json else text)
        sys.stdout.flush()

    source = time_source(maker, offline=offline)
    verify = verifier_for(maker.profile)
    with open_authority(maker, verify=verify, time_source=source) as authority:
        records = authority.records
        assert isinstance(records, RecordStore)
        serve(
            maker,
            authority,
            records,
            where,
            name=chosen,
            url=url,
            tls=not plain,
            event=EventLog(sys.stderr).event,
            ready=ready,
            password=password,
        )
