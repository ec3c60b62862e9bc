"""``rootlet-agent.toml``: what the agent keeps fresh, read strictly."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rootlet.errors import Environment, Misuse
from rootlet.files import read_bytes
from rootlet.maker import Table
from rootlet.pki import Host, host_text, parse_host
from rootlet.profile import PROFILE_NAMES, Profile, load_profile
from rootlet.servers import WRITERS, Listen, OpensslConf, parse_listen

__all__ = ["AGENT_CONFIG", "AgentConfig", "Kept", "load_config", "parse_config"]

AGENT_CONFIG = "rootlet-agent.toml"

CHALLENGE = "http-01"
"""The only way of showing that a name is ours so far."""

CONFIRM_SECONDS = (1, 600)
"""Shortest and longest wait for a server to serve a new certificate."""

KINDS = tuple(kind for kind in WRITERS if kind != OpensslConf.name)
"""Servers that can be told to reload."""

LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Kept:
    """One certificate that is kept fresh."""

    names: tuple[Host, ...]
    """What it is for; the first is what it is called."""
    profile: Profile
    acme_profile: str
    """Which of the CA's profiles is asked for; empty for the CA's default."""
    folder: Path
    """Where cert.pem and key.pem are found: a link that the agent makes."""
    server: str
    """Kind of the server that uses it: a name in rootlet.servers.WRITERS."""
    server_config: Path | None
    """A configuration that stands alone; None for the system's own server."""
    address: Listen
    """Where the new certificate has to be seen."""
    confirm_seconds: int
    """How long the server may take until it serves it."""
    listen: Listen | None
    """Where the agent answers the CA's http-01 questions itself, or"""
    webroot: Path | None
    """the folder in which a web server on port 80 looks for the answers."""

    @property
    def name(self) -> str:
        """What it is called."""
        return host_text(self.names[0])


@dataclass(frozen=True)
class AgentConfig:
    """A whole configuration; relative paths are meant from the file's folder."""

    directory: str
    """The CA's ACME directory, a URL."""
    root: Path
    """The maker's root certificate: what the CA and the servers are checked with."""
    account_key: Path
    """Made at the first run."""
    binding: Path | None
    """Key id and key that the CA gave for the first registration; None where it asks for none."""
    state: Path
    """Folder of what the agent remembers."""
    metrics: Path | None
    """File for a Prometheus textfile collector."""
    certificates: tuple[Kept, ...]


def parse_config(text: str, folder: Path) -> AgentConfig:
    """Read a configuration's text; ``Misuse`` names the key and what to write instead."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{AGENT_CONFIG} is not TOML: {error}", hint="mend that line") from error
    table = Table(values, where=AGENT_CONFIG)
    config = AgentConfig(
        directory=_directory(table.get("directory", str)),
        root=folder / table.get("root", str),
        account_key=folder / table.get("account_key", str, "account.key"),
        binding=_path(table, "binding", folder),
        state=folder / table.get("state", str, "state"),
        metrics=_path(table, "metrics", folder),
        certificates=tuple(_kept(entry, folder) for entry in table.tables("certificates")),
    )
    table.finish()
    if not config.certificates:
        raise Misuse(
            f"{AGENT_CONFIG} names no certificate", hint="add a [[certificates]] with names"
        )
    for what, given in {
        "name": [kept.name for kept in config.certificates],
        "folder": [str(kept.folder) for kept in config.certificates],
    }.items():
        if len(set(given)) != len(given):
            raise Misuse(
                f"two [[certificates]] have the same {what}", hint=f"give each its own {what}"
            )
    return config


def load_config(path: Path) -> AgentConfig:
    """Read the file at ``path``."""
    try:
        text = read_bytes(path, what="the agent's configuration").decode("utf-8")
    except Environment as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise Environment(
                error.message, hint="make one with: rootlet agent init (or name it with --config)"
            ) from error
        raise
    except UnicodeDecodeError as error:
        raise Misuse(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    return parse_config(text, path.resolve().parent)


def _directory(text: str) -> str:
    try:
        url = urlsplit(text)
        right = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK_HOSTS)
        right = right and bool(url.hostname) and url.password is None and url.port != 0
    except ValueError:
        right = False
    if not right:
        raise Misuse(
            f"directory = {text!r} is not the address of an ACME directory",
            hint='write "https://HOST/..."; plain http only for a CA on this machine',
        )
    return text


def _path(table: Table, key: str, folder: Path) -> Path | None:
    text = table.get(key, str, "")
    return folder / text if text else None


def _kept(table: Table, folder: Path) -> Kept:
    names = tuple(parse_host(name) for name in table.strings("names"))
    server = _server(table)
    if not names or len(set(names)) != len(names):
        raise Misuse(
            f"{table.where} names holds no name, or one twice", hint='write ["api.example.test"]'
        )
    challenge = _one_of(table, "challenge", (CHALLENGE,), CHALLENGE)
    listen, webroot = table.get("listen", str, ""), _path(table, "webroot", folder)
    if bool(listen) == bool(webroot):
        raise Misuse(
            f"{table.where} answers {challenge} nowhere, or in two ways",
            hint='give one of listen = "0.0.0.0:80" and webroot = "FOLDER"',
        )
    kept = Kept(
        names=names,
        profile=load_profile(table.get("profile", str, PROFILE_NAMES[0])),
        acme_profile=table.get("acme_profile", str, ""),
        folder=_link(folder / table.get("folder", str), table),
        server=server,
        server_config=_server_config(table, server, folder),
        address=_address(table),
        confirm_seconds=_seconds(table, "confirm_seconds", 30),
        listen=parse_listen(listen) if listen else None,
        webroot=webroot,
    )
    table.finish()
    return kept


def _server(table: Table) -> str:
    """Its kind; one that cannot take up a certificate without a gap only where that is accepted."""
    server = _one_of(table, "server", KINDS, "nginx")
    gap, accepted = WRITERS[server].gap, table.get("accept_gap", bool, False)
    if gap and not accepted:
        raise Misuse(
            f"{table.where} server = {server!r}: {gap}",
            hint="choose another server, put one in front, or write accept_gap = true",
        )
    return server


def _server_config(table: Table, server: str, folder: Path) -> Path | None:
    config = _path(table, "server_config", folder)
    if config is None and WRITERS[server].found_by_config:
        raise Misuse(
            f"{table.where} server = {server!r} is found by its configuration",
            hint='name it: server_config = "/srv/maker/FILE", as rootlet server config wrote it',
        )
    return None if config is None else config.resolve()


def _one_of(table: Table, key: str, known: tuple[str, ...], default: str) -> str:
    value = table.get(key, str, default)
    if value not in known:
        raise Misuse(
            f"{table.where} {key} = {value!r} is not known", hint=f"choose one of {list(known)}"
        )
    return value


def _address(table: Table) -> Listen:
    address = parse_listen(table.get("address", str))
    if address.host == "*":
        raise Misuse(
            f"{table.where} address {str(address)!r} is no place to connect to",
            hint='write where the server is reached from here: address = "127.0.0.1:443"',
        )
    return address


def _link(path: Path, table: Table) -> Path:
    if path.name in {"", ".", ".."}:
        raise Misuse(
            f"{table.where} folder {str(path)!r} has no name of its own",
            hint='write folder = "tls/api.example.test": it becomes a link',
        )
    return path


def _seconds(table: Table, key: str, default: int) -> int:
    value = table.get(key, int, default)
    least, most = CONFIRM_SECONDS
    if not least <= value <= most:
        raise Misuse(
            f"{table.where} {key} = {value} is out of range", hint=f"choose {least} to {most}"
        )
    return value
