"""``rootlet server``: configurations that hold real servers to the profile, and the check."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from rootlet.ca import clients_path, crl_path, issued_folder, root_path
from rootlet.cli.options import FILE, FOLDER, json_option, maker_option, show
from rootlet.cli.server_check import check
from rootlet.errors import Environment, State
from rootlet.files import write_atomic
from rootlet.maker import load_maker
from rootlet.pki import Kind, host_text, parse_host
from rootlet.servers import (
    WRITERS,
    AcmeSource,
    ClientAuth,
    Listen,
    OpensslConf,
    Run,
    ServerSettings,
    ServerWriter,
    parse_listen,
)
from rootlet.servers.checkup import Request

__all__ = ["command"]


@click.group(
    name="server",
    epilog="\b\nA web server for files, as the system's nginx runs it:\n"
    "  rootlet server config nginx --name api.example.test --listen '*:443' \\\n"
    "      --root-dir /srv/api --out /etc/nginx/conf.d/api.conf\n\n"
    "\b\nWhether a running server does what it should:\n"
    "  rootlet server check api.example.test:443",
)
def command() -> None:
    """Configurations for servers, held to the profile, and a check of running ones."""


command.add_command(check)


@command.command(name="list", epilog="\b\nExample:\n  rootlet server list")
@json_option
def list_servers(as_json: bool) -> None:
    """The servers that can be configured, and how far the profile holds there."""
    lines = [f"{name:10}{writer.summary}" for name, writer in WRITERS.items()]
    fields = {"servers": {name: writer.summary for name, writer in WRITERS.items()}}
    lines += ["", "Next: rootlet server config --help"]
    show(fields, "\n".join(lines), as_json=as_json)


@command.command(
    name="config",
    epilog="\b\nExamples:\n"
    "  rootlet server config nginx --name api.example.test --listen '*:443' \\\n"
    "      --proxy-to http://127.0.0.1:8000\n"
    "  rootlet server config nginx --name api.example.test --listen 127.0.0.1:8443 \\\n"
    "      --root-dir www --standalone --out nginx.conf\n"
    "  rootlet server config mosquitto --name mqtt.example.test --listen '*:8883' \\\n"
    "      --out /etc/mosquitto/conf.d/devices.conf",
)
@click.argument("kind", type=click.Choice(list(WRITERS)), metavar="SERVER")
@maker_option
@click.option(
    "--name",
    "names",
    required=True,
    multiple=True,
    metavar="NAME",
    help="What devices call the server; the first is its certificate's. May be repeated.",
)
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where it listens, TCP.")
@click.option(
    "--client-auth",
    type=click.Choice([choice.value for choice in ClientAuth]),
    default=ClientAuth.REQUIRED.value,
    show_default=True,
    help="Whether devices have to show their certificate.",
)
@click.option("--proxy-to", metavar="URL", help="Hand requests on to this plain http URL.")
@click.option(
    "--root-dir",
    type=FOLDER,
    metavar="DIR",
    help="Serve the files in this folder.",
)
@click.option(
    "--pair",
    type=FOLDER,
    metavar="DIR",
    help="Folder of cert.pem and key.pem, there already or made later by rootlet agent.  "
    "[default: issued/servers/NAME]",
)
@click.option(
    "--acme",
    metavar="URL",
    help="The server gets its certificate by itself, from this ACME directory.",
)
@click.option(
    "--without-crl",
    is_flag=True,
    help="Let revoked devices in, although there are revocation lists.",
)
@click.option(
    "--standalone",
    is_flag=True,
    help="A complete configuration that needs no root, with its state in run/ of the maker's "
    "folder, instead of a part of the system's.",
)
@click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    help="Write it here.  [default: print it]",
)
@json_option
def config(
    kind: str,
    folder: Path,
    names: tuple[str, ...],
    listen: str,
    client_auth: str,
    proxy_to: str | None,
    root_dir: Path | None,
    pair: Path | None,
    acme: str | None,
    without_crl: bool,
    standalone: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write a server's configuration: the profile's one suite, group and signature scheme."""
    maker, base = load_maker(folder), folder.resolve()
    host, *more = [parse_host(name) for name in names]
    files = issued_folder(base, Kind.SERVER, host_text(host)) if pair is None else _absolute(pair)
    has_crl = crl_path(base).exists() and not without_crl
    settings = ServerSettings(
        profile=maker.profile,
        name=host,
        listen=parse_listen(listen),
        certificate=files / "cert.pem",
        key=files / "key.pem",
        clients=clients_path(base),
        client_auth=ClientAuth(client_auth),
        crl=crl_path(base) if has_crl else None,
        proxy_to=proxy_to,
        root_dir=None if root_dir is None else root_dir.resolve(),
        more_names=tuple(more),
        acme=None if acme is None else AcmeSource(acme, root_path(base)),
        config=None if out is None else out.resolve(),
        state=base / "run" / f"{kind}-{host_text(host)}" if standalone else None,
        user=pwd.getpwuid(0).pw_name if standalone and os.geteuid() == 0 else None,
    )
    own_pair = pair is None and acme is None and kind != OpensslConf.name
    if own_pair and not settings.certificate.exists():
        raise State(
            f"no certificate was issued for {host_text(host)}",
            hint=f"issue one first: rootlet ca issue server {host_text(host)}; or give --pair DIR "
            "for one that rootlet agent gets",
        )
    writer = WRITERS[kind]()
    text = writer.config(settings)
    if out is not None:
        _write(settings, out, text, writer.companions(settings))
    _print(writer, settings, out, text, as_json=as_json)


def _absolute(pair: Path) -> Path:
    """Its absolute path, the folder itself not resolved: it is a link that moves on."""
    return pair.parent.resolve() / pair.name


def _write(
    settings: ServerSettings, out: Path, text: str, companions: Mapping[Path, str | Path]
) -> None:
    write_atomic(out, text.encode(), private=False)
    try:
        if settings.state is not None:
            settings.state.mkdir(parents=True, exist_ok=True)
        for path, what in companions.items():
            if isinstance(what, str):
                write_atomic(path, what.encode(), private=False)
            elif not path.is_symlink() or path.readlink() != what:
                path.unlink(missing_ok=True)
                path.symlink_to(what)
    except OSError as error:
        raise Environment(
            f"cannot make {error.filename or settings.state}: {error.strerror}",
            hint="make room or fix the permissions, then run the command again",
        ) from error


def _print(
    writer: ServerWriter, settings: ServerSettings, out: Path | None, text: str, *, as_json: bool
) -> None:
    place = Path("FILE") if out is None else out.resolve()
    complete = settings.state is not None
    commands = {
        "check": writer.check_command(place, complete=complete),
        "start": writer.start_command(place, complete=complete),
        "reload": writer.reload_trigger(place, complete=complete),
        "stop": writer.stop_trigger(place, complete=complete),
    }
    argv = {word: list(each.argv) for word, each in commands.items() if isinstance(each, Run)}
    companions = [str(path) for path in writer.companions(settings)] if out else []
    fields = {
        "config": text,
        "out": None if out is None else str(out),
        "beside": companions,
        **argv,
        "commands": {word: each.text for word, each in commands.items()},
        "renewal_gap": writer.gap or None,
    }
    said = text.rstrip("\n")
    if out is not None:
        lines = [f"  {word:8}{each.text}" for word, each in commands.items()]
        if not isinstance(writer, OpensslConf):
            lines.append(f"  {'live':8}{_live_check(writer, settings)}")
        also = [f"Wrote {path}" for path in companions]
        note = [f"Note: {writer.gap}"] if writer.gap else []
        said = "\n".join([f"Wrote {out}", *also, *note, "", "Next:", *lines])
    show(fields, said, as_json=as_json)


def _live_check(writer: ServerWriter, settings: ServerSettings) -> str:
    """The command that holds it against the profile once it runs, from this machine."""
    listen = settings.listen
    reached = Listen("127.0.0.1", listen.port) if listen.host == "*" else listen
    words = ["rootlet", "server", "check", str(reached), "--name", host_text(settings.name)]
    words += ["--request", writer.protocol] if writer.protocol != Request.HTTP.value else []
    if settings.client_auth is not ClientAuth.REQUIRED:
        words += ["--client-auth", settings.client_auth.value]
    return shlex.join(words)
